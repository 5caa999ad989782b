import Synchronization

/// Locks for the pieces of a table that several threads write to, one each.
final class Locks: @unchecked Sendable {
  private final class Lock: Sendable {
    let mutex = Mutex<Void>(())
  }

  private let locks: [Lock]

  init(_ count: Int) { locks = (0..<count).map { _ in Lock() } }

  /// Runs `body` while no other thread works on this piece.
  func with(_ piece: Int, _ body: () -> Void) { locks[piece].mutex.withLock { _ in body() } }
}
