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
  private let block: UnsafeMutableRawPointer

  private static var alignment: Int { 64 }

  /// - Throws: ``ToposcopeError/Kind/memory`` with the number of bytes when the system has none left.
  init(_ count: Int, isZeroed: Bool = true) throws(ToposcopeError) {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let (padded, tooMany) = bytes.addingReportingOverflow(Memory.alignment)
    guard count >= 0, !overflow, !tooMany, let block = isZeroed ? calloc(padded, 1) : malloc(padded) else {
      throw ToposcopeError(.memory, value: Double(count) * Double(MemoryLayout<Element>.stride))
    }
    LargePages.use(for: block, bytes: padded)
    self.count = count
    self.block = block
    base = block.alignedUp(toMultipleOf: Memory.alignment).assumingMemoryBound(to: Element.self)
  }

  deinit { free(block) }
}
