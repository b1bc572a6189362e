// Does it fit, and how long will it take? A training's own code runs a step on the meta device, without data, and is
// counted.
#pragma once

#include "../core/counting_context.hpp"
#include "../io/progress.hpp"
#include "../meta.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

namespace walt {

/// What a training needs of its device.
struct training_needs {
    std::size_t kept = 0; ///< bytes: weights and their copies, gradient, optimizer's state, averages
    /// Bytes of a step, the most at one time: an upper bound for every device, on CUDA with the fusions that it has
    /// from the start and that cuBLASLt does not refuse.
    std::size_t activations = 0;
    double flops = 0; ///< of a step: products, convolutions and attention

    std::size_t bytes() const { return kept + activations; }
    /// Of so many steps, at so many FLOPs a second.
    double seconds(std::int64_t steps, double rate) const {
        require(steps >= 0 && rate > 0, "{} steps at {} FLOP/s take no time that could be told", steps, rate);
        return flops * static_cast<double>(steps) / rate;
    }
};

/// one_step(device) makes a model, a trainer and what watches it on the device that it is given, and lets it do one
/// step, trainer.step(source), with a batch as it will be; whatever it makes is counted. So it is the training's own
/// code, whatever its parts:
///     walt::needs_of([&](auto& device) {
///         walt::denoiser model(device, config{}, walt::compute<walt::bf16>, walt::seed{1});
///         walt::trainer trainer(model, walt::denoising{}, walt::adamw{});
///         walt::ema average(model);
///         trainer.step([&](std::int64_t) { return batch; });
///     });
/// (Self-conditioning's first pass is counted where the step has it: in 90 % of the steps by default.)
template <class Step> training_needs needs_of(Step&& one_step) {
    counting_context<meta::context> device;
    device.workspaces = true;
    one_step(device);
    return {device.allocated->most, device.arena.peak(), device.flops};
}

/// Bytes of the host's memory that a program can still have: what the system has free or can free, and no more than its
/// control group may have (a container's limit). 0 where nothing says so.
inline std::size_t available_memory() {
    const auto number_in = [](const char* path, const std::string& key) {
        std::ifstream file(path);
        std::string word;
        std::size_t value = 0;
        if (key.empty()) return file >> value ? value : std::size_t{0}; // "max" is no number
        while (file >> word)
            if (word == key) return file >> value ? value * 1024 : std::size_t{0};
        return std::size_t{0};
    };
    const std::size_t free = number_in("/proc/meminfo", "MemAvailable:"),
                      most = number_in("/sys/fs/cgroup/memory.max", ""),
                      used = number_in("/sys/fs/cgroup/memory.current", "");
    return most > used ? std::min(free, most - used) : free;
}

namespace detail {
inline std::string gigabytes(std::size_t bytes) { return fmt::format("{:.2f} GB", static_cast<double>(bytes) * 1e-9); }
} // namespace detail

/// Refuses a training that cannot fit into so many bytes, before it begins.
inline void require_fits(const training_needs& needs, std::size_t available) {
    require(needs.bytes() <= available,
            "this training needs {} ({} that stay, {} in a step), and {} are there: a smaller batch, "
            "activations::rematerialise or Adafactor need less",
            detail::gigabytes(needs.bytes()), detail::gigabytes(needs.kept), detail::gigabytes(needs.activations),
            detail::gigabytes(available));
}

/// A line for people: "1.52 GB stay, 0.80 GB in a step, 0.420 TFLOP a step; 7000 steps at 0.20 TFLOP/s: 4:05:00".
inline std::string text_of(const training_needs& needs, std::int64_t steps, double rate) {
    return fmt::format("{} stay, {} in a step, {:.3f} TFLOP a step; {} steps at {:.2f} TFLOP/s: {}",
                       detail::gigabytes(needs.kept), detail::gigabytes(needs.activations), needs.flops * 1e-12, steps,
                       rate * 1e-12, progress::time_text(needs.seconds(steps, rate)));
}

} // namespace walt
