//! The memory of a plugin: blocks that were freed are kept by size, and given out again.
//!
//! A plugin takes and frees the same few sizes for every day of every instance, thousands of times in a run. Finding
//! room as a general allocator does was a quarter of what plugins cost. Here a small block costs a look at the list of
//! its size; large ones, and the chunks that small ones are cut from, come from the system's allocator. What one size
//! has freed serves that size only, so a plugin holds at most what each size needed at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

/// Sizes and alignments are multiples of this.
const UNIT: usize = 16;
/// Larger blocks are left to the system.
const SMALL_MAX: usize = 8 << 10;
/// From here on sizes are four to each power of two: at most a fifth of a block lies idle.
const EXACT_UNITS: usize = 4;
const CLASSES: usize = class_of(SMALL_MAX) + 1;
/// What is cut into blocks.
const CHUNK: usize = 32 << 10;

/// The heap of a program with one thread.
pub struct Heap(UnsafeCell<Blocks>);

struct Blocks {
    /// The first free block of each class; each holds the address of the next.
    free: [*mut u8; CLASSES],
    /// What is left of the newest chunk.
    rest: *mut u8,
    rest_bytes: usize,
}

/// Where blocks of a size belong.
const fn class_of(size: usize) -> usize {
    let last = size.saturating_sub(1) / UNIT;
    if last < EXACT_UNITS {
        return last;
    }
    let power = last.ilog2() as usize;
    (power - 1) * 4 + ((last >> (power - 2)) & 3)
}

/// The size of a class's blocks.
const fn bytes_of(class: usize) -> usize {
    if class < EXACT_UNITS {
        return (class + 1) * UNIT;
    }
    ((class % 4 + 5) * UNIT) << (class / 4 - 1)
}

// SAFETY: WebAssembly without threads; tests keep theirs to themselves.
unsafe impl Sync for Heap {}

impl Heap {
    /// An empty heap.
    pub const fn new() -> Self {
        Self(UnsafeCell::new(Blocks { free: [ptr::null_mut(); CLASSES], rest: ptr::null_mut(), rest_bytes: 0 }))
    }

    #[inline]
    fn is_small(layout: Layout) -> bool {
        layout.size() <= SMALL_MAX && layout.align() <= UNIT
    }
}

impl Blocks {
    /// A block from the newest chunk, or from a new one.
    #[cold]
    fn cut(&mut self, class: usize) -> *mut u8 {
        let bytes = bytes_of(class);
        if self.rest_bytes < bytes {
            let layout = Layout::from_size_align(CHUNK, UNIT).expect("a chunk has a layout");
            // SAFETY: a chunk is not empty.
            let chunk = unsafe { System.alloc(layout) };
            if chunk.is_null() {
                return chunk;
            }
            (self.rest, self.rest_bytes) = (chunk, CHUNK);
        }
        let block = self.rest;
        self.rest = block.wrapping_add(bytes);
        self.rest_bytes -= bytes;
        block
    }
}

// SAFETY: a block is in use or on the list of its class, never both, and the class follows from the layout, with which
// it is given back.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !Self::is_small(layout) {
            // SAFETY: as the caller says.
            return unsafe { System.alloc(layout) };
        }
        let class = class_of(layout.size());
        // SAFETY: nobody else is in the heap, and free blocks hold an address.
        unsafe {
            let blocks = &mut *self.0.get();
            let block = blocks.free[class];
            if block.is_null() {
                return blocks.cut(class);
            }
            blocks.free[class] = block.cast::<*mut u8>().read();
            block
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !Self::is_small(layout) {
            // SAFETY: as the caller says.
            return unsafe { System.dealloc(block, layout) };
        }
        // SAFETY: nobody else is in the heap, and the block is at least as large as an address.
        unsafe {
            let free = &mut (&mut *self.0.get()).free[class_of(layout.size())];
            block.cast::<*mut u8>().write(*free);
            *free = block;
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the size is not empty, as the caller says.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (Self::is_small(layout), Self::is_small(new)) {
            (true, true) if class_of(layout.size()) == class_of(size) => block,
            // SAFETY: as the caller says.
            (false, false) => unsafe { System.realloc(block, layout, size) },
            // SAFETY: both are at least as large as what is copied, and the old one is given back once.
            _ => unsafe {
                let moved = self.alloc(new);
                if !moved.is_null() {
                    ptr::copy_nonoverlapping(block, moved, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_its_sizes_and_little_more() {
        for size in 1..=SMALL_MAX {
            let bytes = bytes_of(class_of(size));
            assert!(bytes >= size && bytes.is_multiple_of(UNIT), "{size} in {bytes}");
            assert!(bytes - size < UNIT.max(size / 4), "{size} in {bytes}");
            assert_eq!(class_of(bytes), class_of(size), "{size} in {bytes}");
        }
        assert_eq!(bytes_of(CLASSES - 1), SMALL_MAX);
    }

    /// A block with the byte that fills it.
    struct Block(*mut u8, Layout, u8);

    impl Block {
        fn fill(&self) {
            // SAFETY: the block is as long as its layout says.
            unsafe { ptr::write_bytes(self.0, self.2, self.1.size()) };
        }

        fn check(&self, bytes: usize) {
            assert!(self.0.addr().is_multiple_of(self.1.align()));
            // SAFETY: the block was filled.
            let all = unsafe { std::slice::from_raw_parts(self.0, bytes) };
            assert!(all.iter().all(|&byte| byte == self.2), "something else wrote into a block of {:?}", self.1);
        }
    }

    #[test]
    fn blocks_never_overlap_and_keep_what_they_hold() {
        let heap = Heap::new();
        let mut blocks: Vec<Block> = Vec::new();
        let mut random = 1u64;
        let mut next = |end: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as usize % end
        };
        for step in 0..60_000 {
            // SAFETY: sizes are not empty, and every block is given back with its own layout.
            unsafe {
                match next(5) {
                    0 | 1 => {
                        let largest = 1 << (1 + next(16));
                        let layout = Layout::from_size_align(1 + next(largest), 1 << next(6)).expect("a layout");
                        let block = Block(heap.alloc(layout), layout, step as u8);
                        block.fill();
                        blocks.push(block);
                    }
                    2 if !blocks.is_empty() => {
                        let block = blocks.swap_remove(next(blocks.len()));
                        block.check(block.1.size());
                        heap.dealloc(block.0, block.1);
                    }
                    3 if !blocks.is_empty() => {
                        let place = next(blocks.len());
                        let Block(old, layout, byte) = blocks[place];
                        let size = 1 + next(2 * layout.size());
                        let new = Layout::from_size_align(size, layout.align()).expect("a layout");
                        let block = Block(heap.realloc(old, layout, size), new, byte);
                        block.check(size.min(layout.size()));
                        block.fill();
                        blocks[place] = block;
                    }
                    _ => {}
                }
            }
        }
        blocks.iter().for_each(|block| block.check(block.1.size()));
        // SAFETY: each is given back once.
        blocks.into_iter().for_each(|block| unsafe { heap.dealloc(block.0, block.1) });
    }

    #[test]
    fn what_was_freed_is_given_out_again() {
        let heap = Heap::new();
        let layout = |size, align| Layout::from_size_align(size, align).expect("a layout");
        // SAFETY: sizes are not empty, and every block is given back with its own layout.
        unsafe {
            let first = heap.alloc(layout(100, 8));
            heap.dealloc(first, layout(100, 8));
            for size in 97..=112 {
                let again = heap.alloc(layout(size, 16));
                assert_eq!(again, first);
                heap.dealloc(again, layout(size, 16));
            }
        }
    }
}
