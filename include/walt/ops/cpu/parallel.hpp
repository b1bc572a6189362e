// The one place where the CPU device deals work to threads. A region is cut into pieces by its shape alone, which
// threads claim (team.hpp). Results do not depend on who did what: a piece writes what is its own, and sums over pieces
// are added afterwards, in order.
//
// Threads: as many as OpenMP has for the calling thread (OMP_NUM_THREADS, omp_set_num_threads), one inside of an OpenMP
// region or of another piece.
#pragma once

#include "../../core/buffer.hpp"
#include "../../core/error.hpp"
#include "team.hpp"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <new>

namespace walt::cpu::inline WALT_INSTRUCTION_SET {

/// What a thread claims at once costs at least so much, and a region of less than two of these stays in its thread. A
/// unit of cost is about a nanosecond: an element that is read, computed and written, or 64 multiplications in cache.
inline constexpr std::int64_t least_claim = 16384;

/// Scratch memory of this thread: grows to what its tasks need and is used again.
inline arena& thread_scratch() {
    static thread_local arena scratch{allocate_host};
    return scratch;
}

/// Threads that a region of this thread may have.
inline int threads() { return omp_in_parallel() ? 1 : omp_get_max_threads(); }

namespace detail {

/// Calls body(of, first, last) for ranges of [0, count), in the calling thread where they are too small to share.
/// Whatever it throws comes out as a walt::error.
inline void share_out(std::int64_t count, std::int64_t cost, region::body body, const void* of) {
    if (count < 1) return;
    const std::int64_t one = std::max<std::int64_t>(cost, 1), least = (least_claim + one - 1) / one;
    const int all = count < 2 * least ? 1 : threads();
    const std::int64_t shares = std::int64_t{16} * all; // so many that the last one is short
    try {
        if (all < 2) body(of, 0, count);
        else team::of_this_thread().run(body, of, count, std::max(least, count / shares), all);
    } catch (const error&) {
        throw;
    } catch (const std::bad_alloc&) {
        fail("out of memory on the cpu device");
    } catch (const std::exception& e) {
        fail("on the cpu device: {}", e.what());
    }
}

} // namespace detail

/// Calls body(first, last) for ranges that cover [0, count), on all cores. `cost` is that of one of the count; what
/// ranges there are is not fixed. The first exception ends the region and comes out as a walt::error.
template <class Body> void parallel_ranges(std::int64_t count, std::int64_t cost, const Body& body) {
    const auto call = [](const void* of, std::int64_t first, std::int64_t last) {
        (*static_cast<const Body*>(of))(first, last);
    };
    detail::share_out(count, cost, call, &body);
}

/// Calls body(i) for i in [0, count).
template <class Body> void parallel(std::int64_t count, std::int64_t cost, const Body& body) {
    parallel_ranges(count, cost, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i) body(i);
    });
}

/// Calls body(first, last) for pieces of [0, count) of `piece` elements, the last one of the rest; cost is an
/// element's.
template <class Body>
void parallel_pieces(std::int64_t count, std::int64_t piece, const Body& body, std::int64_t cost = 1) {
    parallel((count + piece - 1) / piece, piece * cost,
             [&](std::int64_t i) { body(i * piece, std::min(count, (i + 1) * piece)); });
}

} // namespace walt::cpu::inline WALT_INSTRUCTION_SET
