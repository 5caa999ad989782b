#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory for `count` numbers that belongs to one object, 64-byte aligned, not initialised.
///
/// Unlike an array it says when the machine has not enough, instead of ending the process.
final class AlignedMemory<Element: BitwiseCopyable>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int

  /// - Throws: ``ToposcopeError/Kind/memory`` where the machine has less memory than that.
  init(_ count: Int) throws(ToposcopeError) {
    let (bytes, overflow) = max(count, 0).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow, bytes <= Self.physicalMemory else {
      throw ToposcopeError(.memory, value: Double(count) * Double(MemoryLayout<Element>.stride))
    }
    var raw: UnsafeMutableRawPointer?
    let alignment = bytes >= LargePages.fewestBytes ? LargePages.size : 64
    guard posix_memalign(&raw, alignment, max(bytes, 64)) == 0, let raw else {
      throw ToposcopeError(.memory, value: Double(bytes))
    }
    LargePages.use(for: raw, bytes: bytes)
    pointer = raw.bindMemory(to: Element.self, capacity: max(count, 1))
    self.count = count
  }

  /// The numbers of another memory in the order of their places there.
  convenience init(_ other: AlignedMemory, order: [Int32]) throws(ToposcopeError) {
    try self.init(order.count)
    for (place, index) in order.enumerated() { (pointer + place).initialize(to: other.pointer[Int(index)]) }
  }

  deinit { free(pointer) }

  /// Bytes that this machine has. A system that promises more than it has kills the process that believes it.
  static var physicalMemory: Int {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    return pages > 0 ? pages &* sysconf(Int32(_SC_PAGESIZE)) : .max
  }
}
