import CToposcope
import Toposcope
