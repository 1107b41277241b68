//! Small pieces of memory, cut one after the other from large blocks.
//!
//! A step asks for some thousands of them, and when it has ended all go at once: then nothing has to be given back
//! one by one, the blocks only begin anew. While it runs, what is given back is given again to whoever asks for as
//! many bytes.

use std::alloc::{self, Layout};
use std::ptr;

use super::memory::{ALIGNMENT, LENGTH_BYTES};

/// The longest piece that is cut from a block, in bytes.
pub(super) const SMALL_BYTES: usize = 512;
/// How long a block is. What most steps ask for fits into the first.
const BLOCK_BYTES: usize = 256 * 1024;
/// Blocks that stay for the next step. What goes beyond is given back to the system.
const KEPT_BLOCKS: usize = 4;
/// From so many blocks on, a longer piece that was given back serves before a further block is taken: a step that has
/// filled its memory with things of one length, and lets them go, may want others.
const MANY_BLOCKS: usize = 128;

/// The blocks of one engine.
pub(super) struct Blocks {
    areas: Vec<*mut u8>,
    /// Which of them is cut next, and from where on.
    area: usize,
    from: usize,
    /// For each length, what was given back last. There stands what was given back before that.
    free: [*mut u8; SMALL_BYTES / ALIGNMENT + 1],
}

impl Blocks {
    pub(super) const fn new() -> Self {
        let free = [ptr::null_mut(); SMALL_BYTES / ALIGNMENT + 1];
        Self { areas: Vec::new(), area: 0, from: 0, free }
    }

    /// A place for so many bytes, a multiple of the alignment and at most [`SMALL_BYTES`], with their number before
    /// them; null where the system has no memory.
    pub(super) fn give(&mut self, bytes: usize) -> *mut u8 {
        let Some(free) = self.free.get_mut(bytes / ALIGNMENT) else {
            return ptr::null_mut();
        };
        let free = if free.is_null() {
            let has_many = self.areas.len() >= MANY_BLOCKS;
            let longer = self.free.get_mut(bytes / ALIGNMENT..).filter(|_| has_many);
            let longer = longer.and_then(|free| free.iter_mut().find(|free| !free.is_null()));
            let Some(longer) = longer else { return self.cut(bytes) };
            longer
        } else {
            free
        };
        let given = *free;
        // SAFETY: what is in the list has this length, and was written to by `take_back` alone since it was given back.
        #[expect(unsafe_code, reason = "the list of free places runs through them")]
        #[expect(clippy::cast_ptr_alignment, reason = "all lengths are multiples of the alignment")]
        unsafe {
            *free = given.cast::<*mut u8>().read();
        }
        given
    }

    fn cut(&mut self, bytes: usize) -> *mut u8 {
        let whole = LENGTH_BYTES + bytes;
        if self.from + whole > BLOCK_BYTES {
            self.area += 1;
            self.from = 0;
        }
        while self.areas.len() <= self.area {
            // SAFETY: the layout is not empty.
            #[expect(unsafe_code, reason = "a block is one area whose address never changes")]
            let block = unsafe { alloc::alloc(LAYOUT) };
            if block.is_null() {
                // The next one to ask tries again.
                self.from = BLOCK_BYTES;
                self.area = self.area.saturating_sub(1);
                return ptr::null_mut();
            }
            self.areas.push(block);
        }
        let Some(block) = self.areas.get(self.area) else {
            return ptr::null_mut();
        };
        // SAFETY: all of it lies within the block, which begins at a multiple of the alignment, as all lengths are.
        #[expect(unsafe_code, reason = "the block is given piece by piece")]
        #[expect(clippy::cast_ptr_alignment, reason = "it stands at a multiple of the alignment")]
        unsafe {
            let at = block.add(self.from);
            self.from += whole;
            at.cast::<usize>().write(bytes);
            at.add(LENGTH_BYTES)
        }
    }

    /// Takes a place back.
    ///
    /// # Safety
    ///
    /// It was given here, for so many bytes, after the blocks began anew the last time, and nobody uses it any more.
    #[expect(unsafe_code, reason = "the list of free places runs through them")]
    pub(super) unsafe fn take_back(&mut self, given: *mut u8, bytes: usize) {
        if let Some(free) = self.free.get_mut(bytes / ALIGNMENT) {
            // SAFETY: the caller says that it is ours; each has room for an address.
            #[expect(
                clippy::cast_ptr_alignment,
                reason = "it stands at a multiple of the alignment"
            )]
            unsafe {
                given.cast::<*mut u8>().write(*free);
            }
            *free = given;
        }
    }

    /// Takes everything back. Nothing of what was written stays: should the engine ever read what it has not
    /// written, it is not what another step had.
    pub(super) fn begin_anew(&mut self) {
        for block in self.areas.drain(KEPT_BLOCKS.min(self.areas.len())..) {
            // SAFETY: it was given with this layout, and is no block of ours any more.
            #[expect(unsafe_code, reason = "the system gave it")]
            unsafe {
                alloc::dealloc(block, LAYOUT);
            }
        }
        for (number, block) in self.areas.iter().enumerate().take(self.area.saturating_add(1)) {
            let used = if number == self.area { self.from } else { BLOCK_BYTES };
            // SAFETY: a block has so many bytes, and nobody uses what was cut from it any more.
            #[expect(unsafe_code, reason = "what was cut is written over")]
            unsafe {
                block.write_bytes(0, used);
            }
        }
        self.free.fill(ptr::null_mut());
        (self.area, self.from) = (0, 0);
    }
}

const LAYOUT: Layout = match Layout::from_size_align(BLOCK_BYTES, ALIGNMENT) {
    Ok(layout) => layout,
    Err(_) => Layout::new::<usize>(),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_overlap_and_are_given_again() {
        let mut blocks = Blocks::new();
        for round in 0..3 {
            let mut places = Vec::new();
            // More than the blocks that stay have room for.
            let mut given = 0;
            while given < (KEPT_BLOCKS + 2) * BLOCK_BYTES {
                for bytes in (ALIGNMENT..=SMALL_BYTES).step_by(ALIGNMENT) {
                    places.push((blocks.give(bytes).addr(), bytes));
                    given += bytes;
                }
            }
            places.sort_unstable();
            assert!(places.iter().all(|(place, _)| place % ALIGNMENT == 0 && *place != 0));
            for pair in places.windows(2) {
                let [(one, bytes), (next, _)] = pair else { unreachable!() };
                assert!(one + bytes + LENGTH_BYTES <= *next, "round {round}");
            }
            assert!(blocks.areas.len() > KEPT_BLOCKS);
            blocks.begin_anew();
            assert_eq!(blocks.areas.len(), KEPT_BLOCKS);
        }
        assert_eq!(KEPT_BLOCKS, blocks.areas.len());
        let (one, other, longer) = (blocks.give(24), blocks.give(24), blocks.give(32));
        // SAFETY: they were given just now, and are given back once.
        #[expect(unsafe_code, reason = "memory is given back as the engine does")]
        unsafe {
            blocks.take_back(one, 24);
            blocks.take_back(longer, 32);
            blocks.take_back(other, 24);
        }
        assert_eq!([blocks.give(24), blocks.give(24), blocks.give(32)], [other, one, longer]);
    }

    #[test]
    fn nothing_that_was_written_is_left() {
        let mut blocks = Blocks::new();
        for round in 0..3 {
            let mut places = Vec::new();
            for _ in 0..2 * BLOCK_BYTES / SMALL_BYTES {
                let place = blocks.give(SMALL_BYTES);
                // SAFETY: so many bytes were given there.
                #[expect(unsafe_code, reason = "memory is used as the engine does")]
                let is_clean = unsafe {
                    let is_clean =
                        std::slice::from_raw_parts(place, SMALL_BYTES).iter().all(|it| *it == 0);
                    place.write_bytes(7, SMALL_BYTES);
                    is_clean
                };
                assert!(is_clean || round == 0, "round {round}");
                places.push(place);
            }
            for place in places.into_iter().step_by(3) {
                // SAFETY: it was given above, and is given back once.
                #[expect(unsafe_code, reason = "memory is given back as the engine does")]
                unsafe {
                    blocks.take_back(place, SMALL_BYTES);
                }
            }
            blocks.begin_anew();
        }
    }

    #[test]
    fn many_blocks_are_not_made_more_where_longer_pieces_are_free() {
        let mut blocks = Blocks::new();
        let mut places = Vec::new();
        while blocks.areas.len() < MANY_BLOCKS {
            places.push(blocks.give(64));
        }
        let count = places.len();
        for place in places {
            // SAFETY: it was given above, and is given back once.
            #[expect(unsafe_code, reason = "memory is given back as the engine does")]
            unsafe {
                blocks.take_back(place, 64);
            }
        }
        let given: std::collections::HashSet<_> =
            (0..count).map(|_| blocks.give(24).addr()).collect();
        assert_eq!((given.len(), blocks.areas.len()), (count, MANY_BLOCKS));
    }
}
