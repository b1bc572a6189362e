// A pseudo-random order of 0 ... size - 1 that needs no memory: a Feistel network with cycle walking.
#pragma once

#include "../core/error.hpp"
#include "../core/philox.hpp"

namespace walt {

/// A bijection of [0, size), another one for every (seed, stream).
class permutation {
  public:
    permutation(std::int64_t size, std::uint64_t seed, std::uint64_t stream)
        : size_(static_cast<std::uint64_t>(size)), round_{seed, stream} {
        require(size > 0, "a permutation needs at least one element; {} were given", size);
        while (half_ < 31 && (std::uint64_t{1} << (2 * half_)) < size_) ++half_;
        require((std::uint64_t{1} << (2 * half_)) >= size_, "a permutation of {} elements is too large (2^62 at most)",
                size);
    }

    std::int64_t operator()(std::int64_t i) const {
        std::uint64_t x = static_cast<std::uint64_t>(i);
        do x = shuffled(x);
        while (x >= size_); // the network permutes 4^half >= size numbers: walk on until one is in range
        return static_cast<std::int64_t>(x);
    }

  private:
    std::uint64_t shuffled(std::uint64_t x) const {
        const std::uint64_t mask = (std::uint64_t{1} << half_) - 1;
        std::uint64_t left = x >> half_, right = x & mask;
        for (std::uint64_t round = 0; round < 6; ++round) {
            const std::uint64_t mixed = left ^ (round_.block(round << 32 | right).word[0] & mask);
            left = right;
            right = mixed;
        }
        return left << half_ | right;
    }

    std::uint64_t size_;
    philox round_;
    int half_ = 1; // bits of each half
};

} // namespace walt
