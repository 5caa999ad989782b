import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How far a computation is, and whether it should go on.
///
/// A computation calls ``report(_:of:)`` often, from any of its threads; the caller's function hears of it every 20 ms at
/// most, and only from the thread that started the computation.
public final class Progress: @unchecked Sendable {
  /// Receives the work done and the work there is, in units of its own choice; returns false to stop.
  public typealias Callback = (_ done: Int, _ total: Int) -> Bool

  private let callback: Callback?
  private let cancelled = Atomic<Bool>(false)
  // These are touched by the calling thread only.
  private var nextReport: UInt64 = 0
  private var last = (done: 0, total: 1)

  private static let interval: UInt64 = 20_000_000  // ns

  /// A computation that nobody watches has no callback, and is never cancelled.
  public init(_ callback: Callback? = nil) {
    self.callback = callback
  }

  /// True once the callback has asked to stop. Safe to read from any thread.
  public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  /// Tells the caller how far the work is. Cheap enough for every few microseconds of work. On a thread that was made for the
  /// work it only looks whether the caller wants to stop.
  /// - Throws: ``ToposcopeError/Kind/cancelled`` when the caller wants to stop.
  public func report(_ done: Int, of total: Int) throws(ToposcopeError) {
    guard let callback else { return }
    if !Threads.isHelper {
      last = (done, total)
      let now = Progress.monotonicNanoseconds()
      if now >= nextReport {
        if !callback(done, total) { cancelled.store(true, ordering: .relaxed) }
        nextReport = Progress.monotonicNanoseconds() &+ Progress.interval
      }
    }
    if isCancelled { throw ToposcopeError(.cancelled) }
  }

  /// The same, while a step of the work takes long: as far as it was before.
  func report() throws(ToposcopeError) {
    if callback == nil { return }
    if Threads.isHelper {
      if isCancelled { throw ToposcopeError(.cancelled) }
    } else {
      try report(last.done, of: last.total)
    }
  }

  /// The same where nothing can be thrown: returns false when the caller wants to stop.
  func goesOn(_ done: Int, of total: Int) -> Bool {
    do throws(ToposcopeError) { try report(done, of: total) } catch { return false }
    return true
  }

  /// The same, as far as it was before.
  func goesOn() -> Bool {
    do throws(ToposcopeError) { try report() } catch { return false }
    return true
  }

  /// Calls `body` with one part of `0 ..< count` after another, and lets the caller be heard in between: for work of some
  /// nanoseconds each, of which all takes too long.
  @inline(__always)
  func forEachPart(of count: Int, _ body: (Range<Int>) -> Void) throws(ToposcopeError) {
    for start in stride(from: 0, to: count, by: Progress.partLength) {
      try report(start, of: count)
      body(start..<min(count, start + Progress.partLength))
    }
  }

  /// The same where nothing can be thrown: returns false, and leaves out the rest, when the caller wants to stop.
  @inline(__always)
  func goesOnWithEachPart(of count: Int, _ body: (Range<Int>) -> Void) -> Bool {
    for start in stride(from: 0, to: count, by: Progress.partLength) {
      if start > 0 && !goesOn(start, of: count) { return false }
      body(start..<min(count, start + Progress.partLength))
    }
    return true
  }
  private static let partLength = 1 << 17

  /// Nanoseconds on a clock that only goes forward.
  static func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(bitPattern: Int64(time.tv_sec)) &* 1_000_000_000 &+ UInt64(bitPattern: Int64(time.tv_nsec))
  }
}

/// Work that is counted, so that the caller is heard whenever there has been so much of it.
struct CountedWork {
  let progress: Progress
  private let most: Int
  private var done = 0

  /// - Parameter most: What may be done unheard, in units of the caller's choice: some milliseconds.
  init(_ progress: Progress, unheard most: Int) {
    (self.progress, self.most) = (progress, most)
  }

  @inline(__always)
  mutating func add(_ work: Int) throws(ToposcopeError) {
    done &+= work
    if done < most { return }
    done = 0
    try progress.report()
  }
}
