import Testing

@testable import Toposcope

@Suite struct WorkAheadTests {
  /// What a test finds out about a block: its number, a number of times that differs from block to block.
  private final class Findings: @unchecked Sendable {
    var numbers: [Int] = []
  }

  private static func times(_ number: Int) -> Int { number * 7919 % 50 }

  /// Works on so many blocks; returns those that were settled, and the error that ended it.
  private func settled(
    _ count: Int, atMost most: Int, threads: Int, failingLook: Int? = nil, failingSettle: Int? = nil,
    cancelledAfter last: Int? = nil
  ) -> (blocks: [Int], error: ToposcopeError?) {
    var blocks: [Int] = []
    let progress = Progress { done, _ in last.map { done < $0 } ?? true }
    do throws(ToposcopeError) {
      let work = try WorkAhead(count, atMost: most, progress: progress, Findings.init)
      try work.run(threads: threads) { (thread, number, findings) throws(ToposcopeError) in
        #expect((0..<threads).contains(thread))
        #expect(findings.numbers.isEmpty)
        for _ in 0..<WorkAheadTests.times(number) { findings.numbers.append(number) }
        if number == failingLook { throw ToposcopeError(.memory, value: 1) }
      } report: { (number) throws(ToposcopeError) in
        #expect(number == blocks.count)
        try progress.report(number, of: count)
      } settle: { (number, findings) throws(ToposcopeError) in
        #expect(findings.numbers == Array(repeating: number, count: WorkAheadTests.times(number)))
        findings.numbers = []
        if number == failingSettle { throw ToposcopeError(.memory, value: 2) }
        blocks.append(number)
      }
    } catch { return (blocks, error) }
    return (blocks, nil)
  }

  private static let sizes = [(0, 4), (1, 1), (3, 128), (50, 1), (300, 2), (1000, 128)]

  @Test(arguments: [1, 2, 3, 16], sizes) func settlesAllInOrder(_ threads: Int, _ size: (count: Int, most: Int)) {
    let (blocks, error) = settled(size.count, atMost: size.most, threads: threads)
    #expect(blocks == Array(0..<size.count))
    #expect(error == nil)
  }

  @Test(arguments: [1, 2, 16], [0, 7, 299]) func stopsAtErrors(_ threads: Int, _ failing: Int) {
    let looked = settled(300, atMost: 20, threads: threads, failingLook: failing)
    #expect(looked.blocks == Array(0..<failing))
    #expect(looked.error?.value == 1)
    let settling = settled(300, atMost: 20, threads: threads, failingSettle: failing)
    #expect(settling.blocks == Array(0..<failing))
    #expect(settling.error?.value == 2)
  }

  @Test(arguments: [1, 2, 16]) func stopsWhereItIsCancelled(_ threads: Int) {
    let (blocks, error) = settled(300, atMost: 20, threads: threads, cancelledAfter: 0)
    #expect(blocks.count < 300)
    #expect(error?.kind == .cancelled)
  }
}
