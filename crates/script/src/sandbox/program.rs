//! What of the program itself lies in memory.

/// Gives back the pages of the program that nothing has written to: its code, and its tables. The kernel has them still,
/// and each comes back when it is wanted next.
///
/// Much of a large program is wanted only while it begins, such as the list of the places where addresses are put in, and
/// with each page that is wanted the kernel maps those around it. A process that does one small thing from then on has
/// no use for them.
pub fn give_back_program() {
    #[cfg(target_os = "linux")]
    linux::give_back();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::{c_int, c_void};
    use std::ptr;

    #[expect(unsafe_code, reason = "how the program is loaded is told by a list of pointers")]
    pub(super) fn give_back() {
        // SAFETY: the function keeps to the contract, and wants no data.
        unsafe {
            libc::dl_iterate_phdr(Some(program), ptr::null_mut());
        }
    }

    /// Is given the objects that are loaded, of which the program is the first, and wants no other.
    #[expect(unsafe_code, reason = "how the program is loaded is told by a list of pointers")]
    unsafe extern "C" fn program(
        object: *mut libc::dl_phdr_info,
        _size: usize,
        _data: *mut c_void,
    ) -> c_int {
        // SAFETY: the caller gives an object with so many headers of segments. In one that is not writable there is nothing
        // that the file has not: addresses were put in into the others alone.
        unsafe {
            let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(0);
            let count = usize::from((*object).dlpi_phnum);
            for segment in std::slice::from_raw_parts((*object).dlpi_phdr, count) {
                if segment.p_type != libc::PT_LOAD || segment.p_flags & libc::PF_W != 0 {
                    continue;
                }
                let place = usize::try_from((*object).dlpi_addr + segment.p_vaddr);
                let (Ok(place), Ok(bytes)) = (place, usize::try_from(segment.p_memsz)) else {
                    continue;
                };
                let Some(beyond) = place.checked_rem(page) else { continue };
                let first = ptr::with_exposed_provenance_mut(place - beyond);
                // Where the kernel will not, they stay.
                libc::madvise(first, bytes + beyond, libc::MADV_DONTNEED);
            }
        }
        1
    }

    #[cfg(test)]
    mod tests {
        /// The kilobytes of files that are mapped into this process.
        fn of_files() -> u64 {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("RssFile:")).unwrap();
            line.trim_end_matches("kB").trim().parse().unwrap()
        }

        #[test]
        fn the_program_goes_on_without_what_it_does_not_want() {
            let before = of_files();
            super::give_back();
            let after = of_files();
            assert!(after < before, "{after} of {before} kB are left");
            assert_eq!("still".to_uppercase(), "STILL");
        }
    }
}
