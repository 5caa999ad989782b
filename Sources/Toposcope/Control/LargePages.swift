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
}
