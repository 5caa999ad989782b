import CToposcopeProcessor
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Runs work on a fixed number of threads that are made for it and joined after it.
///
/// Making a thread costs 20 to 50 microseconds, so nothing is kept between calls; in return the number of threads is
/// exact, and a process that has forked (a PyTorch data loader, say) works like any other.
enum Threads {
  /// The number of processors this process may run on.
  static var available: Int {
    #if os(Linux)
      var processors = [UInt64](repeating: 0, count: 128)  // one bit each, as the kernel counts them
      if schedGetAffinity(0, processors.count * 8, &processors) >= 0 {
        return max(1, processors.reduce(0) { $0 + $1.nonzeroBitCount })
      }
    #endif
    return max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  /// The number of threads to use when `requested` are asked for: all of them where that is 0 or less.
  static func resolve(_ requested: Int) -> Int { requested > 0 ? requested : available }

  /// The same for work on the pairs of some points: of fewer than these, making threads takes longer than the work.
  static func resolve(_ requested: Int, points: Int) -> Int { points < fewPoints ? 1 : resolve(requested) }
  static let fewPoints = 256

  /// Calls `body(chunk)` once for every chunk in `0 ..< chunks`, spread over `threads` threads of which the calling
  /// thread is one, and returns when all are done. Chunks are taken in order, each by whichever thread is free.
  ///
  /// After every chunk of its own the calling thread reports progress; when the caller cancels, no further chunk is begun.
  static func forEach(
    chunks: Int, threads: Int, progress: Progress, _ body: (_ chunk: Int) -> Void
  ) throws(ToposcopeError) {
    let next = Atomic<Int>(0)
    let work = {
      while !progress.isCancelled {
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if chunk >= chunks { return }
        body(chunk)
      }
    }
    var outcome: ToposcopeError?
    withoutActuallyEscaping(work) { work in
      let helpers = start(count: min(threads, chunks) - 1, work)
      while true {
        let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if chunk >= chunks { break }
        body(chunk)
        do throws(ToposcopeError) { try progress.report(min(chunk + 1, chunks), of: chunks) } catch {
          outcome = error
          break
        }
      }
      for helper in helpers { pthread_join(helper, nil) }
    }
    if let outcome { throw outcome }
  }

  /// Calls `body` on up to `helpers` threads while the calling thread runs `main`; returns when all are done.
  static func run(
    helpers: Int, _ body: () -> Void, beside main: () throws(ToposcopeError) -> Void
  ) throws(ToposcopeError) {
    var failure: ToposcopeError?
    withoutActuallyEscaping(body) { body in
      let started = start(count: helpers, body)
      do throws(ToposcopeError) { try main() } catch { failure = error }
      for helper in started { pthread_join(helper, nil) }
    }
    if let failure { throw failure }
  }

  /// Lets a moment pass, for a thread that waits for another one.
  static func pause(microseconds: UInt32 = 20) { usleep(microseconds) }

  /// Whether the calling thread was made here.
  static var isHelper: Bool { toposcope_is_helper() }

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Starts up to `count` threads that run `body`. Where the system refuses a thread, the calling thread does its share.
  private static func start(count: Int, _ body: @escaping () -> Void) -> [pthread_t] {
    guard count > 0 else { return [] }
    var started: [pthread_t] = []
    for _ in 0..<count {
      let context = Unmanaged.passRetained(Work(body))
      #if canImport(Darwin)
        var thread: pthread_t?
      #else
        var thread = pthread_t()
      #endif
      let status = pthread_create(
        &thread, nil,
        { raw in
          #if canImport(Darwin)
            let work = Unmanaged<Work>.fromOpaque(raw).takeRetainedValue()
          #else
            let work = Unmanaged<Work>.fromOpaque(raw!).takeRetainedValue()
          #endif
          toposcope_be_helper()
          work.body()
          return nil
        }, context.toOpaque())
      if status != 0 {
        context.release()
        break
      }
      #if canImport(Darwin)
        started.append(thread!)
      #else
        started.append(thread)
      #endif
    }
    return started
  }
}

#if os(Linux)
  // The C library declares it for _GNU_SOURCE only, which Swift's module does not define.
  @_silgen_name("sched_getaffinity")
  private func schedGetAffinity(_ process: Int32, _ size: Int, _ mask: UnsafeMutablePointer<UInt64>) -> Int32
#endif
