// Which samples of a row of batches are stacks of images: as many as their rate says, evenly spread, known without
// counting (joint training, paper sec. 3.2).
#pragma once

#include "../core/range.hpp"

#include <cstdint>

namespace walt {

/// `batch` samples a batch, of which the part `image_rate` are stacks of images; exact over any run of samples to
/// within one.
class mixture {
  public:
    /// `options` is the name of what a user set, for messages. Throws walt::error.
    mixture(const char* options, int batch, double image_rate) : batch_(batch), image_rate_(image_rate) {
        check_option(fmt::format("{}::batch", options).c_str(), batch, ranges::count);
        check_option(fmt::format("{}::image_rate", options).c_str(), image_rate, ranges::share);
    }

    int batch() const { return batch_; }
    double image_rate() const { return image_rate_; }
    /// Stacks of images among samples 0 .. sample - 1.
    std::int64_t stacks_before(std::int64_t sample) const {
        return static_cast<std::int64_t>(static_cast<double>(sample) * image_rate_);
    }
    bool is_stack(std::int64_t sample) const { return stacks_before(sample + 1) > stacks_before(sample); }

  private:
    int batch_;
    double image_rate_;
};

} // namespace walt
