import CToposcopeProcessor

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

  /// From so many bytes on the C library asks the system for each block, too, and gives it back at once; blocks of less may be
  /// those that were freed last, with their pages.
  static let alwaysMapped = 1 << 25

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
      guard let block = place(bytes, PROT_READ | PROT_WRITE) else { return nil }
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

  /// The pages of what ``map(_:)`` has given, and zeroed ones after them, in another place; nil, and nothing is done, where the
  /// system moves none.
  static func move(_ block: UnsafeMutableRawPointer, bytes: Int, to largerBytes: Int) -> UnsafeMutableRawPointer? {
    #if os(Linux)
      guard let room = place(largerBytes, PROT_NONE) else { return nil }
      let (old, new) = (wholePages(bytes), wholePages(largerBytes))
      // Where it fails the room is not given back: it takes no memory, and it may be another thread's by now.
      if toposcope_move_pages(block, UInt(old), room, UInt(new)) == room { return room }
    #endif
    return nil
  }

  #if os(Linux)
    /// Addresses that begin with a large page.
    private static func place(_ bytes: Int, _ protection: Int32) -> UnsafeMutableRawPointer? {
      let (room, overflow) = bytes.addingReportingOverflow(size)
      if overflow { return nil }
      let given = mmap(nil, room, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let given, given != MAP_FAILED else { return nil }
      let block = given.alignedUp(toMultipleOf: size)
      if block > given { munmap(given, block - given) }
      let end = block + wholePages(bytes)
      if end < given + room { munmap(end, given + room - end) }
      return block
    }

    private static func wholePages(_ bytes: Int) -> Int {
      let page = Int(getpagesize())
      return (bytes + page - 1) / page * page
    }
  #endif
}
