//! The memory of a script: so many bytes, and a note of whether it ever wanted more.
//!
//! The engine has a bound of its own, but tells of it by an error alone; and where no memory is left for
//! the error it throws `null`, which a job can throw as well. So the bound is kept here, where it can be
//! told from what a job does.

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;

use rquickjs::allocator::{Allocator, RustAllocator};

/// Whether a script has asked for memory that it did not get.
#[derive(Clone, Default)]
pub(super) struct Spent(Rc<Cell<bool>>);

impl Spent {
    pub(super) fn get(&self) -> bool {
        self.0.get()
    }
}

/// Gives a script its memory, up to a bound.
pub(super) struct Bounded {
    used: usize,
    most: usize,
    spent: Spent,
}

impl Bounded {
    pub(super) fn new(most: usize, spent: Spent) -> Self {
        Self { used: 0, most, spent }
    }

    /// Whether there is room for so many bytes more. What does not fit is noted.
    fn has_room(&self, size: usize) -> bool {
        let fits = size <= self.most.saturating_sub(self.used);
        if !fits {
            self.spent.0.set(true);
        }
        fits
    }

    /// Counts what was just given, if it was.
    fn taken(&mut self, given: *mut u8) -> *mut u8 {
        if given.is_null() {
            self.spent.0.set(true);
        } else {
            self.used = self.used.saturating_add(size_of(given));
        }
        given
    }
}

/// How many bytes there are at a place that was given.
fn size_of(given: *mut u8) -> usize {
    // SAFETY: whoever asks has it from this allocator, and has not given it back.
    #[expect(unsafe_code, reason = "the engine hands over what it was given")]
    unsafe {
        RustAllocator::usable_size(given)
    }
}

// SAFETY: memory comes from `RustAllocator` and goes back to it; in between it is only counted. What does
// not fit is answered by null, as the contract has it.
#[expect(unsafe_code, reason = "the interface to the engine's memory is unsafe")]
unsafe impl Allocator for Bounded {
    fn alloc(&mut self, size: usize) -> *mut u8 {
        if !self.has_room(size) {
            return ptr::null_mut();
        }
        let given = RustAllocator.alloc(size);
        self.taken(given)
    }

    fn calloc(&mut self, count: usize, size: usize) -> *mut u8 {
        if !self.has_room(count.saturating_mul(size)) {
            return ptr::null_mut();
        }
        let given = RustAllocator.calloc(count, size);
        self.taken(given)
    }

    unsafe fn dealloc(&mut self, given: *mut u8) {
        self.used = self.used.saturating_sub(size_of(given));
        // SAFETY: the caller has it from this allocator.
        unsafe { RustAllocator.dealloc(given) }
    }

    unsafe fn realloc(&mut self, given: *mut u8, size: usize) -> *mut u8 {
        if given.is_null() {
            return self.alloc(size);
        }
        let before = size_of(given);
        if !self.has_room(size.saturating_sub(before)) {
            return ptr::null_mut();
        }
        // SAFETY: the caller has it from this allocator.
        let moved = unsafe { RustAllocator.realloc(given, size) };
        if !moved.is_null() {
            self.used = self.used.saturating_sub(before);
        }
        self.taken(moved)
    }

    unsafe fn usable_size(given: *mut u8) -> usize {
        size_of(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one script does with its memory, in words: how many bytes it asks for, one after the other,
    /// and whether it gets each.
    #[track_caller]
    fn check(asked: &[(usize, bool)], is_spent: bool) {
        let spent = Spent::default();
        let mut memory = Bounded::new(1024, spent.clone());
        let mut given = Vec::new();
        for (size, gets) in asked {
            let place = memory.alloc(*size);
            assert_eq!(!place.is_null(), *gets, "{asked:?}");
            given.extend((!place.is_null()).then_some(place));
        }
        assert_eq!(spent.get(), is_spent, "{asked:?}");
        for place in given {
            // SAFETY: it was given above, and is given back once.
            #[expect(unsafe_code, reason = "memory is given back as the engine does")]
            unsafe {
                memory.dealloc(place);
            }
        }
        assert_eq!(memory.used, 0);
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
        let spent = Spent::default();
        let mut memory = Bounded::new(1024, spent);
        assert!(memory.calloc(usize::MAX, 2).is_null());
        let small = memory.calloc(8, 8);
        // SAFETY: all of it was given above by the same allocator, and nothing is used again that has moved.
        #[expect(unsafe_code, reason = "memory is handed around as the engine does")]
        unsafe {
            let large = memory.realloc(small, 1000);
            assert_eq!((large.is_null(), memory.used), (false, 1000));
            assert!(memory.realloc(large, 2000).is_null());
            assert_eq!(memory.used, 1000, "what could not grow is still there");
            let less = memory.realloc(large, 16);
            assert_eq!(memory.used, 16);
            memory.dealloc(less);
        }
        assert_eq!(memory.used, 0);
    }
}
