import Synchronization

/// Hands out the numbers 0 ..< count, one for each thread that is at work, so that each has a buffer of its own.
final class Slots: @unchecked Sendable {
  private let free: Mutex<[Int]>

  init(_ count: Int) { free = Mutex(Array((0..<count).reversed())) }

  func take() -> Int { free.withLock { $0.removeLast() } }
  func give(_ slot: Int) { free.withLock { $0.append(slot) } }
}
