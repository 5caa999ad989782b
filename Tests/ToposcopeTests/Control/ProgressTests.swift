import Synchronization
import Testing

@testable import Toposcope

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

@Suite struct ProgressTests {
  private final class Counts: Sendable {
    let calls = Atomic<Int>(0)
    let elsewhere = Atomic<Int>(0)
    let stopped = Atomic<Int>(0)
  }

  /// Any thread may report; only the one that called is spoken to, and all of them stop when it says so.
  @Test func onlyTheCallerHears() throws {
    let caller = pthread_self()
    let counts = Counts()
    let progress = Progress { _, _ in
      let isElsewhere = pthread_equal(pthread_self(), caller) == 0
      if isElsewhere { counts.elsewhere.wrappingAdd(1, ordering: .relaxed) }
      return counts.calls.wrappingAdd(1, ordering: .relaxed).newValue < 4
    }
    #expect(throws: ToposcopeError.self) {
      try Threads.forEach(chunks: 1_000_000, threads: 3, progress: progress) { chunk in
        usleep(100)
        if !progress.goesOn(chunk, of: 1_000_000) { counts.stopped.wrappingAdd(1, ordering: .relaxed) }
      }
    }
    #expect(counts.calls.load(ordering: .relaxed) == 4)
    #expect(counts.elsewhere.load(ordering: .relaxed) == 0)
    #expect((1...3).contains(counts.stopped.load(ordering: .relaxed)))
    #expect(progress.isCancelled)
  }

  /// Parts follow one another without gaps, and the rest is left out when the caller wants to stop.
  @Test func partsCoverAll() throws {
    for count in [0, 1, 1 << 17, 1 << 17 + 1, 400_000] {
      var (parts, others): ([Int], [Int]) = ([], [])
      try Progress().forEachPart(of: count) { parts += $0 }
      #expect(parts.elementsEqual(0..<count))
      let isDone = Progress().goesOnWithEachPart(of: count) { others += $0 }
      #expect(isDone && others == parts)
    }
    var reached = 0
    let isDone = Progress { _, _ in false }.goesOnWithEachPart(of: 400_000) { reached = $0.upperBound }
    #expect(!isDone && reached == 1 << 17)
  }

  /// Vectors with an entry for each of thousands of classes are added up for a long time.
  @Test(arguments: [2, 3])
  func annotationsAreHeard(_ modulus: Int) throws {
    func add(classes: Int, _ progress: Progress) throws {
      let field = try PrimeField(modulus)
      var annotations = try LazyAnnotations(field, progress)
      var all: UInt32 = 0
      for _ in 0..<classes { all = try annotations.sum(all, annotations.bear(), times: 1) }
    }
    try add(classes: 100, Progress { _, _ in false })
    #expect(throws: ToposcopeError.self) { try add(classes: 1000, Progress { _, _ in false }) }
    try add(classes: 1000, Progress { _, _ in true })
  }
}
