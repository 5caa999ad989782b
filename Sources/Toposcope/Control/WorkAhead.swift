import Synchronization

/// Work on blocks that follow one another, done on several threads ahead of the one that settles them in order.
///
/// Every thread takes the next block that nobody has taken, and looks at it. The calling thread settles the blocks in order,
/// and does the same as the others whenever the next one is not ready; so it waits only for blocks that others are looking
/// at, or until it is done with a later one itself.
///
/// `Findings` is what is found out about a block.
final class WorkAhead<Findings: AnyObject>: @unchecked Sendable {
  private final class Slot: @unchecked Sendable {
    let findings: Findings
    var failure: ToposcopeError?
    let isReady = Atomic<Bool>(false)

    init(_ findings: Findings) { self.findings = findings }
  }

  private let count: Int
  /// Each serves for one block after another.
  private let slots: [Slot]
  private let progress: Progress
  private let taken = Atomic<Int>(0)
  private let settled = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)

  private static var shortestPause: UInt32 { 20 }
  private static var longestPause: UInt32 { 2560 }

  /// - Parameters:
  ///   - count: the number of blocks
  ///   - most: so many blocks may wait to be settled
  ///   - make: makes what is found out about a block; it is used again for a later one
  init(
    _ count: Int, atMost most: Int, progress: Progress, _ make: () throws(ToposcopeError) -> Findings
  ) throws(ToposcopeError) {
    (self.count, self.progress) = (count, progress)
    var slots: [Slot] = []
    while slots.count < min(count, most) { slots.append(Slot(try make())) }
    self.slots = slots
  }

  /// Works on all blocks.
  /// - Parameters:
  ///   - look: Called with a thread, from 0, that of the caller, to `threads` - 1; with a block, and what it is to write to.
  ///   - report: Called on the calling thread before it settles a block and every moment while it waits for one, with the next
  ///     block to be settled.
  ///   - settle: Called on the calling thread with every block, in order.
  func run(
    threads: Int, _ look: (_ thread: Int, _ number: Int, Findings) throws(ToposcopeError) -> Void,
    report: (_ number: Int) throws(ToposcopeError) -> Void,
    settle: (_ number: Int, Findings) throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    let started = Atomic<Int>(1)
    try Threads.run(helpers: threads - 1) {
      let thread = started.wrappingAdd(1, ordering: .relaxed).oldValue
      var idle: UInt32 = WorkAhead.shortestPause
      while !isOver.load(ordering: .relaxed) && !progress.isCancelled && taken.load(ordering: .relaxed) < count {
        if lookAtNext(thread, look) {
          idle = WorkAhead.shortestPause
        } else {  // the blocks that wait to be settled last for some time
          Threads.pause(microseconds: idle)
          idle = min(2 * idle, WorkAhead.longestPause)
        }
      }
    } beside: { () throws(ToposcopeError) in
      defer { isOver.store(true, ordering: .relaxed) }
      for number in 0..<count where !isOver.load(ordering: .relaxed) {
        let slot = slots[number % slots.count]
        while !slot.isReady.load(ordering: .acquiring) {
          if !lookAtNext(0, look) { Threads.pause() }
          try report(number)
        }
        try report(number)
        if let failure = slot.failure { throw failure }
        try settle(number, slot.findings)
        slot.isReady.store(false, ordering: .relaxed)
        settled.store(number + 1, ordering: .releasing)
      }
    }
  }

  /// Tells, while a block is settled, that no further one is wanted.
  func stop() { isOver.store(true, ordering: .relaxed) }

  /// Looks at the next block that nobody has taken; false if there is none, or no room for what is found.
  private func lookAtNext(
    _ thread: Int, _ look: (Int, Int, Findings) throws(ToposcopeError) -> Void
  ) -> Bool {
    var number = taken.load(ordering: .relaxed)
    while true {
      guard number < min(count, settled.load(ordering: .acquiring) + slots.count) else { return false }
      let result = taken.compareExchange(expected: number, desired: number + 1, ordering: .relaxed)
      if result.exchanged { break }
      number = result.original
    }
    let slot = slots[number % slots.count]
    do throws(ToposcopeError) { try look(thread, number, slot.findings) } catch { slot.failure = error }
    slot.isReady.store(true, ordering: .releasing)
    return true
  }
}
