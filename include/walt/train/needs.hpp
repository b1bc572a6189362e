// Does it fit, and how long will it take? A training's own code runs a step on the meta device, without data, and is
// counted.
#pragma once

#include "../core/counting_context.hpp"
#include "../core/note.hpp"
#include "../io/progress.hpp"
#include "../meta.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

namespace walt {

/// What a training needs of its device.
struct training_needs {
    std::size_t kept = 0; ///< bytes: weights and their copies, gradient, optimizer's state, averages
    /// Bytes of a step, the most at one time: an upper bound for every device, on CUDA with the fusions that it has
    /// from the start and that cuBLASLt does not refuse. (The arena of a first step may hold more than it uses: on the
    /// host that is not touched, and a GPU that has no more gives it what it uses.)
    std::size_t activations = 0;
    double flops = 0; ///< of a step: products, convolutions and attention

    std::size_t bytes() const { return kept + activations; }
    /// Of so many steps, at so many FLOPs a second.
    double seconds(std::int64_t steps, double rate) const {
        require(steps >= 0 && rate > 0 && std::isfinite(rate), "{} steps at {} FLOP/s take no time that could be told",
                steps, rate);
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

namespace detail {
/// The number in a file, behind a word if there is one; nothing where the file or the number is not there.
inline std::optional<std::size_t> first_number(const std::filesystem::path& path, std::string_view behind = {}) {
    std::ifstream file(path);
    std::string word;
    while (!behind.empty() && word != behind)
        if (!(file >> word)) return std::nullopt;
    std::size_t value = 0;
    if (!(file >> value)) return std::nullopt; // "max" is no number
    return value;
}

/// What a control group and those above it leave, by the names of its files: the limit, what is used of it, and the
/// part of that which the system takes back when it must (files that were read). Nothing where none has a limit.
inline std::optional<std::size_t> left_by_groups(const std::filesystem::path& top, std::filesystem::path group,
                                                 const char* limit, const char* used, const char* reclaimed) {
    std::optional<std::size_t> least;
    for (group = group.relative_path();; group = group.parent_path()) {
        const std::filesystem::path folder = top / group;
        if (const auto most = first_number(folder / limit)) {
            const std::size_t all = first_number(folder / used).value_or(0),
                              taken = all - std::min(all, first_number(folder / "memory.stat", reclaimed).value_or(0)),
                              left = *most - std::min(*most, taken);
            least = std::min(least.value_or(left), left);
        }
        if (group.empty()) return least;
    }
}
} // namespace detail

/// Bytes of the host's memory that a program can still have: what the system has free or can free, and no more than its
/// control groups leave it (a container's limit), of version 1 or 2. Nothing where the system does not say. `root`:
/// where /proc and /sys lie.
inline std::optional<std::size_t> available_memory(const std::filesystem::path& root = "/") {
    std::optional<std::size_t> least = detail::first_number(root / "proc/meminfo", "MemAvailable:");
    if (least) *least *= 1024;
    const auto at_most = [&least](std::optional<std::size_t> left) {
        if (left) least = std::min(least.value_or(*left), *left);
    };
    std::ifstream groups(root / "proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) { // number:controllers:group
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1), group = line.substr(second + 1);
        if (controllers.empty())
            at_most(
                detail::left_by_groups(root / "sys/fs/cgroup", group, "memory.max", "memory.current", "inactive_file"));
        else if (("," + controllers + ",").find(",memory,") != std::string::npos)
            at_most(detail::left_by_groups(root / "sys/fs/cgroup/memory", group, "memory.limit_in_bytes",
                                           "memory.usage_in_bytes", "total_inactive_file"));
    }
    return least;
}

namespace detail {
inline std::string gigabytes(std::size_t bytes) { return fmt::format("{:.2f} GB", static_cast<double>(bytes) * 1e-9); }
} // namespace detail

/// Refuses a training that cannot fit into so many bytes, before it begins. Where nobody can tell how many there are,
/// that is noted, and the training may try.
inline void require_fits(const training_needs& needs, std::optional<std::size_t> available) {
    if (!available) {
        detail::note("this training needs {}; how much memory there is cannot be told",
                     detail::gigabytes(needs.bytes()));
        return;
    }
    require(needs.bytes() <= *available,
            "this training needs {} ({} that stay, {} in a step), and {} are there: a smaller batch, "
            "activations::rematerialise or Adafactor need less",
            detail::gigabytes(needs.bytes()), detail::gigabytes(needs.kept), detail::gigabytes(needs.activations),
            detail::gigabytes(*available));
}

/// A line for people: "1.52 GB stay, 0.80 GB in a step, 0.420 TFLOP a step; 7000 steps at 0.20 TFLOP/s: 4:05:00".
inline std::string text_of(const training_needs& needs, std::int64_t steps, double rate) {
    return fmt::format("{} stay, {} in a step, {:.3f} TFLOP a step; {} steps at {:.2f} TFLOP/s: {}",
                       detail::gigabytes(needs.kept), detail::gigabytes(needs.activations), needs.flops * 1e-12, steps,
                       rate * 1e-12, progress::time_text(needs.seconds(steps, rate)));
}

} // namespace walt
