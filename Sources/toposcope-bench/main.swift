// Times the engine on one distance matrix: n * n little-endian 32-bit floats in a file.
//
//   toposcope-bench FILE N [maxdim] [threads] [modulus] [threshold]
//
// Prints one JSON line: what was found, the seconds of each stage, the greatest memory the process ever had.
import Toposcope

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

func fail(_ sentence: String) -> Never {
  let line = "toposcope-bench: \(sentence)\n"
  write(2, line, line.utf8.count)
  exit(2)
}

let arguments = CommandLine.arguments
guard arguments.count >= 3, let n = Int(arguments[2]), n >= 0 else {
  fail("needs a file of n * n floats, and n")
}
func number(_ index: Int, _ otherwise: Int) -> Int {
  arguments.count > index ? Int(arguments[index]) ?? otherwise : otherwise
}

guard let file = fopen(arguments[1], "rb") else { fail("cannot open \(arguments[1])") }
let entries = UnsafeMutablePointer<Float>.allocate(capacity: max(1, n * n))
guard fread(entries, 4, n * n, file) == n * n else { fail("\(arguments[1]) has fewer than \(n * n) floats") }
fclose(file)

var options = RipsOptions()
options.maxDimension = number(3, 1)
options.threads = number(4, 1)
options.modulus = number(5, 2)
if arguments.count > 6, let threshold = Float(arguments[6]) { options.threshold = threshold }

func seconds(_ clock: clockid_t = CLOCK_MONOTONIC) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

do throws(ToposcopeError) {
  let matrix = try DistanceMatrix(
    StridedArray(data: entries, rows: n, columns: n, rowStride: 4 * n, columnStride: 4, elementType: .float32),
    threads: options.threads)
  entries.deallocate()
  let (start, processorStart) = (seconds(), seconds(CLOCK_PROCESS_CPUTIME_ID))
  let result = try vietorisRips(.distances(matrix), options: options)
  let (total, processor) = (seconds() - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - processorStart)
  let counts = result.diagrams.map { String($0.pairs.count) }.joined(separator: ", ")
  let sums = result.diagrams.map { diagram in
    String(diagram.pairs.reduce(0.0) { $0 + ($1.death.isFinite ? Double($1.persistence) : 0) })
  }
  var usage = rusage()
  #if canImport(Glibc)
    getrusage(0, &usage)
  #else
    getrusage(RUSAGE_SELF, &usage)
  #endif
  print(
    "{\"n\": \(n), \"bars\": [\(counts)], \"totals\": [\(sums.joined(separator: ", "))], "
      + "\"edges\": \(result.facts.edges), \"stopping_radius\": \(result.facts.stoppingRadius), "
      + "\"seconds\": \(total), \"processor_seconds\": \(processor), \"seconds_filtration\": \(result.facts.secondsFiltration), "
      + "\"seconds_persistence\": \(result.facts.secondsPersistence), \"peak_kilobytes\": \(usage.ru_maxrss)}")
} catch {
  fail("\(error)")
}
