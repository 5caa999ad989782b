/// A list that grows geometrically, and throws where Swift's own arrays would end the process.
struct Growing<Element: BitwiseCopyable> {
  private var memory: Memory<Element>
  private(set) var count = 0

  init() throws(ToposcopeError) { memory = try Memory(16, isZeroed: false) }

  var base: UnsafeMutablePointer<Element> { memory.base }
  var byteCount: Int { memory.count * MemoryLayout<Element>.stride }

  @inline(__always)
  subscript(i: Int) -> Element {
    get { memory.base[i] }
    nonmutating set { memory.base[i] = newValue }
  }

  @inline(__always)
  mutating func append(_ element: Element) throws(ToposcopeError) {
    if count == memory.count { try reserve(2 * count) }
    memory.base[count] = element
    count &+= 1
  }

  @inline(__always)
  mutating func removeLast() { count &-= 1 }

  /// Forgets the elements, and keeps the memory.
  @inline(__always)
  mutating func removeAll() { count = 0 }

  /// Counts in elements that were written into reserved memory.
  @inline(__always)
  mutating func setCount(_ newCount: Int) { count = newCount }

  /// Makes room for so many elements in all.
  @inline(__always)
  mutating func reserve(_ capacity: Int) throws(ToposcopeError) {
    if capacity > memory.count { try grow(to: max(capacity, 2 * memory.count)) }
  }

  private mutating func grow(to capacity: Int) throws(ToposcopeError) {
    memory = try memory.grown(to: capacity, keeping: count, isZeroed: false)
  }
}
