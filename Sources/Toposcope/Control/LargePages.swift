#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Pages of 2 MB for large blocks of memory.
///
/// 4 KB at a time, handing the memory out costs as much as filling it, and where rows are read in no order the processor
/// looks longer for their pages than for what is in them.
enum LargePages {
  static let size = 1 << 21

  /// From so many bytes on a block has a whole large page in it, wherever it begins.
  static let fewestBytes = 2 * size

  /// Asks the system for large pages wherever they fit into a block that nobody has written to yet.
  static func use(for block: UnsafeMutableRawPointer, bytes: Int) {
    #if os(Linux)
      if bytes < fewestBytes { return }
      let start = block.alignedUp(toMultipleOf: 4096)
      madvise(start, bytes - (start - block), MADV_HUGEPAGE)
    #endif
  }

  /// Zeroed memory that begins with a large page, so that it has as many as it can, where the system has them; nil where
  /// there is not so much memory, or no way to ask for it like this.
  static func map(_ bytes: Int) -> UnsafeMutableRawPointer? {
    #if os(Linux)
      let (room, overflow) = bytes.addingReportingOverflow(size)
      if overflow { return nil }
      let given = mmap(nil, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let given, given != MAP_FAILED else { return nil }
      let block = given.alignedUp(toMultipleOf: size)
      if block > given { munmap(given, block - given) }
      let end = (block + bytes).alignedUp(toMultipleOf: Int(getpagesize()))
      if end < given + room { munmap(end, given + room - end) }
      madvise(block, bytes, MADV_HUGEPAGE)
      return block
    #else
      return nil
    #endif
  }

  /// Gives back what ``map(_:)`` has given.
  static func unmap(_ block: UnsafeMutableRawPointer, bytes: Int) {
    #if os(Linux)
      munmap(block, bytes)
    #endif
  }
}
