// Step reuse (docs/model.md 19): what each block added at the step that computed it last, added again while its input
// has barely moved since then.
#pragma once

#include "../config/denoiser.hpp"
#include "../core/range.hpp"
#include "../ops/diffusion.hpp"
#include "../ops/pointwise.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace walt {

/// When a block of the network is skipped in sampling. It is decided for a batch as a whole, so that with reuse a
/// sample depends on its neighbours.
struct step_reuse {
    float threshold = 0; ///< skip below this relative change of a block's input; 0: compute all, exactly
    /// Told of every decision: the block, how far its input has moved (infinite where nothing is kept), whether
    /// skipped.
    std::function<void(int block, double change, bool skipped)> seen{};

    void each_option(auto&& option) const { option("step_reuse::threshold", threshold, ranges::not_negative); }
    bool off() const { return threshold <= 0; }
};

/// One block's input, behind its first norm, and what the block added to the residual stream: R rows of width D.
template <class T, int D> class kept_block {
  public:
    using A = accumulate_t<T>;

    kept_block(arena& from, std::int64_t frames, std::int64_t rows)
        : frames_(frames), input_(from.take<T, dynamic, D>(rows)), added_(from.take<A, dynamic, D>(rows)) {}

    /// |u - kept| / |kept|, the norms over all rows. The host waits for the device.
    double change(auto& ctx, auto u) const {
        if (!filled_) return std::numeric_limits<double>::infinity();
        const arena::scope scope(ctx.arena);
        const auto take = [&] { return ctx.arena.template take<A, dynamic, D>(u.extent(0)); };
        const auto now = take(), before = take(), zero = take();
        const auto weight = ctx.arena.template take<A, dynamic>(frames_);
        const auto squares = ctx.arena.template take<A, dynamic>(2);
        ops::convert(ctx, u, now);
        ops::convert(ctx, input_, before);
        ops::fill(ctx, weight, 1);
        ops::square_error(ctx, now, before, weight, squares.slice(0, 1), zero); // its gradient is of no use here
        ops::fill(ctx, zero, 0);
        ops::square_error(ctx, before, zero, weight, squares.slice(1, 1), now);
        A found[2] = {};
        ctx.download(found, squares.data(), sizeof found);
        return std::sqrt(static_cast<double>(found[0]) / static_cast<double>(found[1])); // of nothing: not a number
    }
    /// h_next = h + what was added.
    void add_again(auto& ctx, auto h, auto h_next) const { ops::add(ctx, h, added_, h_next); }
    void keep_input(auto& ctx, auto u) { ops::convert(ctx, u, input_); }
    void keep_added(auto& ctx, auto h, auto h_next) {
        ops::blend(ctx, 1, h_next, -1, h, added_);
        filled_ = true;
    }

  private:
    std::int64_t frames_;
    view<T, dynamic, D> input_;
    view<A, dynamic, D> added_;
    bool filled_ = false;
};

/// Of every block, for B samples in the network. Its memory is the arena's: whoever makes one opens an arena::scope.
template <class T, class Config> class kept_blocks {
  public:
    static constexpr int D = dimensions<Config>::hidden;

    kept_blocks(arena& from, std::int64_t batch, const step_reuse& how) : how_(how), batch_(batch) {
        check_options(how);
        const std::int64_t frames = batch * dimensions<Config>::frames;
        for (int i = 0; i < dimensions<Config>::depth; ++i)
            blocks_.emplace_back(from, frames, frames * dimensions<Config>::tokens);
    }
    std::int64_t batch() const { return batch_; }

    /// h_next = h + what block i added, where its input u is near enough to what it was; else u is kept, and false.
    bool reuse(auto& ctx, int i, auto u, auto h, auto h_next) {
        auto& block = blocks_[static_cast<std::size_t>(i)];
        const double change = block.change(ctx, u);
        const bool skipped = change < static_cast<double>(how_.threshold);
        if (how_.seen) how_.seen(i, change, skipped);
        if (skipped) block.add_again(ctx, h, h_next);
        else block.keep_input(ctx, u);
        return skipped;
    }
    void keep(auto& ctx, int i, auto h, auto h_next) {
        blocks_[static_cast<std::size_t>(i)].keep_added(ctx, h, h_next);
    }

  private:
    step_reuse how_;
    std::int64_t batch_;
    std::vector<kept_block<T, D>> blocks_;
};

} // namespace walt
