import Testing

@testable import Toposcope
