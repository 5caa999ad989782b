#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory of one element type, 64-byte aligned, freed with its owner; zeroed where nothing else is said.
///
/// Swift's own `allocate` ends the process when there is no memory; this one throws. Pages are taken from the system
/// when they are first written to, so a large table that stays sparse costs little.
final class Memory<Element: BitwiseCopyable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>
  let count: Int
  private var block: UnsafeMutableRawPointer?
  /// The bytes that were taken from the system itself; 0 where the C library gave the block.
  private let mappedBytes: Int

  private static var alignment: Int { 64 }

  /// - Throws: ``ToposcopeError/Kind/memory`` with the number of bytes when the system has none left.
  init(_ count: Int, isZeroed: Bool = true) throws(ToposcopeError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let (padded, tooMany) = bytes.addingReportingOverflow(Memory.alignment)
    let fewestMapped = isZeroed ? LargePages.size : LargePages.alwaysMapped
    if count >= 0 && !overflow && bytes >= fewestMapped, let block = LargePages.map(bytes) {
      self.count = count
      self.block = block
      mappedBytes = bytes
      base = block.assumingMemoryBound(to: Element.self)
      return
    }
    guard count >= 0, !overflow, !tooMany, let block = isZeroed ? calloc(padded, 1) : malloc(padded) else {
      throw ToposcopeError(.memory, value: Double(count) * Double(MemoryLayout<Element>.stride))
    }
    LargePages.use(for: block, bytes: padded)
    self.count = count
    self.block = block
    mappedBytes = 0
    base = block.alignedUp(toMultipleOf: Memory.alignment).assumingMemoryBound(to: Element.self)
  }

  /// A larger one that begins with the first elements of this one, zeroed beyond where nothing else is said. This one is not to
  /// be used any more: where it is large, its pages are taken over, for to copy them would take long, and both would be there
  /// at once.
  func grown(to count: Int, keeping kept: Int? = nil, isZeroed: Bool = true) throws(ToposcopeError) -> Memory {
    if mappedBytes > 0, let block, !count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride).overflow {
      let bytes = count * MemoryLayout<Element>.stride
      if bytes > mappedBytes, let larger = LargePages.move(block, bytes: mappedBytes, to: bytes) {
        self.block = nil
        return Memory(mapped: larger, bytes, count)
      }
    }
    let larger = try Memory(count, isZeroed: isZeroed)
    larger.base.update(from: base, count: min(count, kept ?? self.count))
    return larger
  }

  private init(mapped block: UnsafeMutableRawPointer, _ bytes: Int, _ count: Int) {
    (self.block, mappedBytes, self.count) = (block, bytes, count)
    base = block.assumingMemoryBound(to: Element.self)
  }

  /// Takes all pages from the system now, page by page: the first writes, where they are far apart, would have to wait for most
  /// of them at once, and the caller could not be heard. What was in the memory is lost.
  func takePages(_ progress: Progress) throws(ToposcopeError) {
    let pages = UnsafeMutableRawBufferPointer(start: base, count: count * MemoryLayout<Element>.stride)
    for start in stride(from: 0, to: pages.count, by: LargePages.size) {
      try progress.report(start, of: pages.count)
      for page in stride(from: start, to: min(start + LargePages.size, pages.count), by: 4096) { pages[page] = 0 }
    }
  }

  deinit {
    guard let block else { return }
    if mappedBytes > 0 { LargePages.unmap(block, bytes: mappedBytes) } else { free(block) }
  }
}
