/// A list that grows geometrically, and throws where Swift's own arrays would end the process.
struct Growing<Element: BitwiseCopyable> {
  private var memory: Memory<Element>
  private(set) var count = 0

  init() throws(ToposcopeError) { memory = try Memory(16) }

  var base: UnsafeMutablePointer<Element> { memory.base }
  var byteCount: Int { memory.count * MemoryLayout<Element>.stride }

  @inline(__always)
  subscript(i: Int) -> Element {
    get { memory.base[i] }
    nonmutating set { memory.base[i] = newValue }
  }

  @inline(__always)
  mutating func append(_ element: Element) throws(ToposcopeError) {
    if count == memory.count { try grow() }
    memory.base[count] = element
    count &+= 1
  }

  @inline(__always)
  mutating func removeLast() { count &-= 1 }

  private mutating func grow() throws(ToposcopeError) {
    let larger = try Memory<Element>(2 * memory.count)
    larger.base.update(from: memory.base, count: count)
    memory = larger
  }
}
