//! The memory of an engine: given up to a bound, and put back to how it was before a script had it.
//!
//! To make an engine for each step anew costs ten times what a small step costs itself. So each process makes
//! one, lets it load what every step wants, and keeps a picture of its memory:
//!
//! ```text
//!   while it is made            while a step has it                  afterwards
//!   ┌─ ground ──────────┐       ┌─ ground ──────────┐                ┌─ ground ──────────┐
//!   │ all that it needs │ keep  │ written to        │ ◄── restore ── │ as it was kept    │
//!   └───────────────────┘       └───────────────────┘                └───────────────────┘
//!                               small ones in blocks, one            empty again
//!                               after the other
//!                               large ones as pieces                 given back
//! ```
//!
//! Whatever a step has changed, in its own values or in the engine's innermost, is gone with it: nothing of
//! the engine lies outside of this memory, and every byte of it is written anew.
//!
//! QuickJS has a bound of its own, but not for memory that comes from Rust's allocator, and the standard
//! allocator stays within the process's own areas, out of reach of ours. So the bound is kept here, where it can be
//! told from what a job does.

use std::alloc::{self, Layout};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr;
use std::rc::Rc;

use rquickjs::allocator::Allocator;

use super::blocks::{Blocks, SMALL_BYTES};

/// What values of JavaScript must stand at a multiple of.
pub(super) const ALIGNMENT: usize = 8;
/// Before each value stands its length; in the ground and in blocks nothing else does.
pub(super) const LENGTH_BYTES: usize = size_of::<usize>();
/// Before each piece stand the links to its neighbours, and its length last.
const BEFORE_PIECE: usize = size_of::<Piece>();
/// How many bytes an engine may take before it is given a script. It takes less than half of them.
const GROUND_BYTES: usize = 2 * 1024 * 1024;

/// What stands before a large piece that was given after the ground was kept.
#[repr(C)]
struct Piece {
    next: *mut Piece,
    /// The place that points here: the `next` of the piece before, or the beginning of the list.
    link: *mut *mut Piece,
    /// How many bytes of it may be used.
    bytes: usize,
}

/// The memory of one engine.
#[derive(Clone)]
pub(super) struct Memory(Rc<Shared>);

struct Shared {
    used: Cell<usize>,
    most: Cell<usize>,
    spent: Cell<bool>,
    ground: *mut u8,
    /// How much of the ground was given.
    filled: Cell<usize>,
    /// Set once the ground is kept: from then on memory is given in pieces.
    is_kept: Cell<bool>,
    /// What was given back of the ground while the engine was made, by length.
    free: RefCell<HashMap<usize, Vec<*mut u8>>>,
    /// What is given after the ground was kept: small ones from here.
    blocks: RefCell<Blocks>,
    /// Large ones.
    pieces: Cell<*mut Piece>,
}

/// How the ground was when it was kept.
pub(super) struct Kept {
    ground: Box<[u8]>,
    used: usize,
}

impl Kept {
    /// How many bytes were kept, and how many might have been.
    #[cfg(test)]
    pub(super) const fn bytes(&self) -> (usize, usize) {
        (self.ground.len(), GROUND_BYTES)
    }
}

impl Memory {
    /// Memory for an engine; nothing where the system has none. It is never given back: engines end with their
    /// process.
    pub(super) fn new() -> Option<Self> {
        // SAFETY: the layout is not empty.
        #[expect(unsafe_code, reason = "the ground is one area whose address never changes")]
        let ground = unsafe { alloc::alloc_zeroed(layout(GROUND_BYTES)?) };
        (!ground.is_null()).then(|| {
            Self(Rc::new(Shared {
                used: Cell::new(0),
                most: Cell::new(GROUND_BYTES),
                spent: Cell::new(false),
                ground,
                filled: Cell::new(0),
                is_kept: Cell::new(false),
                free: RefCell::default(),
                blocks: RefCell::new(Blocks::new()),
                pieces: Cell::new(ptr::null_mut()),
            }))
        })
    }

    pub(super) fn allocator(&self) -> Bounded {
        Bounded(self.0.clone())
    }

    /// Whether a script has asked for memory that it did not get.
    pub(super) fn is_spent(&self) -> bool {
        self.0.spent.get()
    }

    /// Bounds what the script may have from now on, the engine's own included. Whether there is room left.
    pub(super) fn bound(&self, most: usize) -> bool {
        self.0.most.set(most);
        self.0.used.get() <= most
    }

    /// How many bytes a script may still ask for.
    pub(super) fn left(&self) -> usize {
        self.0.most.get().saturating_sub(self.0.used.get())
    }

    /// Keeps the ground as it is.
    pub(super) fn keep(&self) -> Kept {
        let filled = self.0.filled.get();
        let mut ground = vec![0; filled].into_boxed_slice();
        // SAFETY: the ground has more bytes than were given of it, and the copy has as many.
        #[expect(unsafe_code, reason = "the engine is copied as it lies in memory")]
        unsafe {
            ptr::copy_nonoverlapping(self.0.ground, ground.as_mut_ptr(), filled);
        }
        self.0.is_kept.set(true);
        self.0.free.borrow_mut().clear();
        Kept { ground, used: self.0.used.get() }
    }

    /// Makes everything as it was when it was kept.
    ///
    /// Nobody may hold a value that came after that, and whoever holds one from before must not have given up
    /// any.
    pub(super) fn restore(&self, kept: &Kept) {
        let mut next = self.0.pieces.replace(ptr::null_mut());
        while let Some(piece) = ptr::NonNull::new(next) {
            // SAFETY: what is in the list was given by `piece`, and was not given back.
            #[expect(unsafe_code, reason = "the engine does not give back what it forgets")]
            unsafe {
                next = piece.as_ref().next;
                free_piece(piece.as_ptr());
            }
        }
        self.0.blocks.borrow_mut().begin_anew();
        // SAFETY: the ground has these bytes, and the copy is of it.
        #[expect(unsafe_code, reason = "the engine is copied to where it was")]
        unsafe {
            ptr::copy_nonoverlapping(kept.ground.as_ptr(), self.0.ground, kept.ground.len());
        }
        self.0.used.set(kept.used);
        self.0.spent.set(false);
    }
}

fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes, ALIGNMENT).ok()
}

/// Gives a piece back to the system.
///
/// # Safety
///
/// It was given by [`Shared::piece`], and nobody uses it any more.
#[expect(unsafe_code, reason = "the length of a piece stands before it")]
unsafe fn free_piece(piece: *mut Piece) {
    // SAFETY: the caller says that it is one.
    unsafe {
        if let Some(layout) = layout((*piece).bytes + BEFORE_PIECE) {
            alloc::dealloc(piece.cast(), layout);
        }
    }
}

impl Shared {
    /// Whether there is room for so many bytes more. What does not fit is noted.
    fn has_room(&self, size: usize) -> bool {
        let fits = size <= self.most.get().saturating_sub(self.used.get());
        if !fits {
            self.spent.set(true);
        }
        fits
    }

    /// Counts what was just given, if it was.
    fn taken(&self, given: *mut u8) -> *mut u8 {
        if given.is_null() {
            self.spent.set(true);
        } else {
            self.used.set(self.used.get().saturating_add(size_of_given(given)));
        }
        given
    }

    fn is_ground(&self, given: *mut u8) -> bool {
        let place = given.addr().wrapping_sub(self.ground.addr());
        place < GROUND_BYTES
    }

    fn give(&self, size: usize, zeroed: bool) -> *mut u8 {
        let Some(bytes) = size.checked_next_multiple_of(ALIGNMENT) else {
            return ptr::null_mut();
        };
        let given = if !self.is_kept.get() {
            let freed = self.free.borrow_mut().get_mut(&bytes).and_then(Vec::pop);
            freed.unwrap_or_else(|| self.more_ground(bytes))
        } else if bytes <= SMALL_BYTES {
            // An address has to fit, once it is given back.
            self.blocks.borrow_mut().give(bytes.max(ALIGNMENT))
        } else {
            return Self::piece(&self.pieces, bytes, zeroed);
        };
        if zeroed && !given.is_null() {
            // SAFETY: so many bytes were given there.
            #[expect(unsafe_code, reason = "it may have been used before")]
            unsafe {
                ptr::write_bytes(given, 0, bytes);
            }
        }
        given
    }

    fn more_ground(&self, bytes: usize) -> *mut u8 {
        let from = self.filled.get();
        let Some(to) = from.checked_add(LENGTH_BYTES + bytes).filter(|to| *to <= GROUND_BYTES)
        else {
            return ptr::null_mut();
        };
        self.filled.set(to);
        // SAFETY: all of it lies within the ground, which begins at a multiple of the alignment, as all lengths are.
        #[expect(unsafe_code, reason = "the ground is given piece by piece")]
        #[expect(clippy::cast_ptr_alignment, reason = "it stands at a multiple of the alignment")]
        unsafe {
            let at = self.ground.add(from);
            at.cast::<usize>().write(bytes);
            at.add(LENGTH_BYTES)
        }
    }

    fn piece(pieces: &Cell<*mut Piece>, bytes: usize, zeroed: bool) -> *mut u8 {
        let Some(layout) = bytes.checked_add(BEFORE_PIECE).and_then(layout) else {
            return ptr::null_mut();
        };
        // SAFETY: the layout is not empty; what was given is written to before it is read; the first of the list,
        // if there is one, was given here.
        #[expect(unsafe_code, reason = "the list of pieces runs through them")]
        unsafe {
            let given = if zeroed { alloc::alloc_zeroed(layout) } else { alloc::alloc(layout) };
            let piece: *mut Piece = given.cast();
            if piece.is_null() {
                return ptr::null_mut();
            }
            piece.write(Piece { next: pieces.get(), link: pieces.as_ptr(), bytes });
            linked(piece);
            piece.cast::<u8>().add(BEFORE_PIECE)
        }
    }
}

/// Points the neighbours of a piece to where it is.
///
/// # Safety
///
/// Its links are those of pieces that are there.
#[expect(unsafe_code, reason = "the list of pieces runs through them")]
unsafe fn linked(piece: *mut Piece) {
    // SAFETY: the caller says so.
    unsafe {
        *(*piece).link = piece;
        if let Some(next) = (*piece).next.as_mut() {
            next.link = &raw mut (*piece).next;
        }
    }
}

/// Takes a piece out of the list.
///
/// # Safety
///
/// It is in the list.
#[expect(unsafe_code, reason = "the list of pieces runs through them")]
unsafe fn unlink(piece: *mut Piece) {
    // SAFETY: the caller says so.
    unsafe {
        *(*piece).link = (*piece).next;
        if let Some(next) = (*piece).next.as_mut() {
            next.link = (*piece).link;
        }
    }
}

/// How many bytes there are at a place that was given.
fn size_of_given(given: *mut u8) -> usize {
    // SAFETY: whoever asks has it from this memory, which writes the length before it.
    #[expect(unsafe_code, reason = "the engine hands over what it was given")]
    #[expect(clippy::cast_ptr_alignment, reason = "all lengths are multiples of the alignment")]
    unsafe {
        given.cast::<usize>().sub(1).read()
    }
}

/// Gives an engine its memory, up to the bound.
pub(super) struct Bounded(Rc<Shared>);

// SAFETY: what is given lies in the ground, in a block or in a piece, stands at a multiple of the alignment, has the bytes that were
// asked for and its length before it. What does not fit is answered by null, as the contract has it.
#[expect(unsafe_code, reason = "the interface to the engine's memory is unsafe")]
unsafe impl Allocator for Bounded {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.0.has_room(size) {
            return ptr::null_mut();
        }
        self.0.taken(self.0.give(size, false))
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        let size = count.saturating_mul(size);
        if !self.0.has_room(size) {
            return ptr::null_mut();
        }
        self.0.taken(self.0.give(size, true))
    }

    unsafe fn dealloc(&mut self, given: *mut u8) {
        let bytes = size_of_given(given);
        self.0.used.set(self.0.used.get().saturating_sub(bytes));
        if self.0.is_ground(given) {
            if !self.0.is_kept.get() {
                self.0.free.borrow_mut().entry(bytes).or_default().push(given);
            }
            return;
        }
        // SAFETY: the caller has it from here, and it is no ground: its length tells what it is.
        unsafe {
            if bytes <= SMALL_BYTES {
                self.0.blocks.borrow_mut().take_back(given, bytes);
            } else {
                let piece = given.sub(BEFORE_PIECE).cast();
                unlink(piece);
                free_piece(piece);
            }
        }
    }

    unsafe fn realloc(&mut self, given: *mut u8, new_size: usize) -> *mut u8 {
        if given.is_null() {
            return self.alloc(new_size);
        }
        let before = size_of_given(given);
        if !self.0.has_room(new_size.saturating_sub(before)) {
            return ptr::null_mut();
        }
        // It stays where it is, with what it does not need.
        if new_size <= before && before <= SMALL_BYTES {
            return given;
        }
        // SAFETY: the caller has it from here.
        let moved = unsafe {
            if self.0.is_ground(given) || before <= SMALL_BYTES || new_size <= SMALL_BYTES {
                let moved = self.0.give(new_size, false);
                if !moved.is_null() {
                    ptr::copy_nonoverlapping(given, moved, before.min(size_of_given(moved)));
                    // Both are counted for a moment.
                    self.0.used.set(self.0.used.get().saturating_add(before));
                    self.dealloc(given);
                }
                moved
            } else {
                moved_piece(given, before, new_size)
            }
        };
        if !moved.is_null() {
            self.0.used.set(self.0.used.get().saturating_sub(before));
        }
        self.0.taken(moved)
    }

    unsafe fn usable_size(given: *mut u8) -> usize {
        size_of_given(given)
    }
}

/// A piece with another length, wherever it stands then; null, and nothing has happened, where there is no room.
///
/// # Safety
///
/// It is a piece of so many bytes.
#[expect(unsafe_code, reason = "the list of pieces runs through them")]
unsafe fn moved_piece(given: *mut u8, before: usize, new_size: usize) -> *mut u8 {
    let bytes = new_size.checked_next_multiple_of(ALIGNMENT);
    let (Some(bytes), Some(old)) = (bytes, layout(before + BEFORE_PIECE)) else {
        return ptr::null_mut();
    };
    let Some(new) = bytes.checked_add(BEFORE_PIECE).and_then(layout) else {
        return ptr::null_mut();
    };
    // SAFETY: the caller says what it is; its links come along, and its neighbours are told.
    unsafe {
        let moved: *mut Piece = alloc::realloc(given.sub(BEFORE_PIECE), old, new.size()).cast();
        if moved.is_null() {
            return ptr::null_mut();
        }
        (*moved).bytes = bytes;
        linked(moved);
        moved.cast::<u8>().add(BEFORE_PIECE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory whose ground is kept, with a bound of so many bytes.
    fn kept(most: usize) -> (Memory, Kept) {
        let memory = Memory::new().unwrap();
        let kept = memory.keep();
        assert!(memory.bound(most));
        (memory, kept)
    }

    /// What one script does with its memory, in words: how many bytes it asks for, one after the other,
    /// and whether it gets each.
    #[track_caller]
    fn check(asked: &[(usize, bool)], is_spent: bool) {
        let (memory, _kept) = kept(1024);
        let mut bounded = memory.allocator();
        let mut given = Vec::new();
        for (size, gets) in asked {
            let place = bounded.alloc(*size);
            assert_eq!(!place.is_null(), *gets, "{asked:?}");
            given.extend((!place.is_null()).then_some(place));
        }
        assert_eq!(memory.is_spent(), is_spent, "{asked:?}");
        for place in given {
            // SAFETY: it was given above, and is given back once.
            #[expect(unsafe_code, reason = "memory is given back as the engine does")]
            unsafe {
                bounded.dealloc(place);
            }
        }
        assert_eq!(memory.0.used.get(), 0);
    }

    #[test]
    fn what_does_not_fit_is_refused_and_noted() {
        check(&[(1024, true)], false);
        check(&[(512, true), (512, true)], false);
        check(&[(512, true), (512, true), (8, false)], true);
        check(&[(usize::MAX, false), (8, true)], true);
    }

    #[test]
    fn what_grows_counts_once() {
        let (memory, _kept) = kept(1024);
        let mut bounded = memory.allocator();
        let used = || memory.0.used.get();
        assert!(bounded.calloc(usize::MAX, 2).is_null());
        let small = bounded.calloc(8, 8);
        // SAFETY: all of it was given above by the same memory, and nothing is used again that has moved.
        #[expect(unsafe_code, reason = "memory is handed around as the engine does")]
        unsafe {
            let large = bounded.realloc(small, 1000);
            assert_eq!((large.is_null(), used()), (false, 1000));
            assert!(bounded.realloc(large, 2000).is_null());
            assert_eq!(used(), 1000, "what could not grow is still there");
            let less = bounded.realloc(large, 16);
            assert_eq!(used(), 16);
            bounded.dealloc(less);
        }
        assert_eq!(used(), 0);
    }

    /// Fills what was given with one byte, and reads it.
    #[expect(unsafe_code, reason = "memory is written to as the engine does")]
    fn filled(given: *mut u8, bytes: usize, with: Option<u8>) -> Vec<u8> {
        assert!(!given.is_null());
        // SAFETY: so many bytes were given there.
        unsafe {
            if let Some(with) = with {
                ptr::write_bytes(given, with, bytes);
            }
            std::slice::from_raw_parts(given, bytes).to_vec()
        }
    }

    #[test]
    fn what_grows_keeps_what_it_holds() {
        let (memory, _kept) = kept(1_000_000);
        let mut bounded = memory.allocator();
        let mut place = bounded.alloc(8);
        filled(place, 8, Some(7));
        for size in
            [9, 16, 17, 100, SMALL_BYTES, SMALL_BYTES + 1, 5_000, SMALL_BYTES + 1, 300, 40, 8]
        {
            // SAFETY: it was given by the same memory, and is not used again where it was.
            #[expect(unsafe_code, reason = "memory is handed around as the engine does")]
            unsafe {
                place = bounded.realloc(place, size);
            }
            assert_eq!(filled(place, 8, None), [7; 8], "{size} bytes");
            assert!(memory.0.used.get() >= size.max(8), "{size} bytes");
        }
        // SAFETY: it was given above, and is given back once.
        #[expect(unsafe_code, reason = "memory is given back as the engine does")]
        unsafe {
            bounded.dealloc(place);
        }
        assert_eq!(memory.0.used.get(), 0);
    }

    #[test]
    fn everything_is_as_it_was_after_whatever_a_script_has_done() {
        let memory = Memory::new().unwrap();
        let mut bounded = memory.allocator();
        let (first, second) = (bounded.alloc(100), bounded.alloc(24));
        filled(first, 100, Some(1));
        filled(second, 24, Some(2));
        let kept = memory.keep();
        let used = memory.0.used.get();
        for round in 0..3 {
            filled(first, 100, Some(7));
            let pieces: Vec<_> = (1..50).map(|size| bounded.alloc(size * 8)).collect();
            // SAFETY: all of it was given by this memory, and nothing is used again that was given back.
            #[expect(unsafe_code, reason = "memory is handed around as the engine does")]
            unsafe {
                bounded.dealloc(second);
                let moved = bounded.realloc(first, 4_000);
                assert_eq!(filled(moved, 100, None), [7; 100], "round {round}");
                // From the middle, the first and the last of the list.
                for place in [20, 0, 48] {
                    bounded.dealloc(pieces[place]);
                }
                let grown = bounded.realloc(pieces[10], 100_000);
                filled(grown, 100_000, Some(9));
            }
            assert!(!memory.bound(10), "there is more than that already");
            assert!(bounded.alloc(8).is_null() && memory.is_spent());
            memory.restore(&kept);
            assert!(memory.bound(1_000_000));
            assert!(!memory.is_spent());
            assert_eq!(memory.0.used.get(), used, "round {round}");
            assert_eq!(filled(first, 100, None), [1; 100], "round {round}");
            assert_eq!(filled(second, 24, None), [2; 24], "round {round}");
        }
    }

    #[test]
    fn an_engine_that_is_made_takes_no_more_than_the_ground() {
        let memory = Memory::new().unwrap();
        let mut bounded = memory.allocator();
        let first = bounded.alloc(GROUND_BYTES / 2);
        assert!(!first.is_null());
        assert!(bounded.alloc(GROUND_BYTES / 2).is_null(), "their lengths want room as well");
        // SAFETY: it was given above.
        #[expect(unsafe_code, reason = "memory is given back as the engine does")]
        unsafe {
            bounded.dealloc(first);
        }
        let zeroed = bounded.calloc(GROUND_BYTES / 2, 1);
        assert_eq!(zeroed, first, "what was given back is given again");
    }
}
