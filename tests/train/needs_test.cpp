// What a training needs, counted without a device, beside what it takes on one.
#include "../datasets/temporary_folder.hpp"
#include "../watched_stderr.hpp"
#include "catch.hpp"

#include <walt/reference.hpp>
#include <walt/tokenizer/reconstruction.hpp>
#include <walt/tokenizer/tokenizer.hpp>
#include <walt/train/ema.hpp>
#include <walt/train/needs.hpp>
#include <walt/train/trainer.hpp>

using namespace walt;

namespace {

struct small : tokenizer_config {
    static constexpr int channels = 4, blocks = 1, latent = 2, norm_groups = 2;
    static constexpr std::array<int, 2> multipliers{1, 2};
    static constexpr std::array<int, 1> time_strides{2};
};

void one_step(auto& device) {
    tokenizer model(device, small{}, compute<float>, seed{1});
    trainer training(model, reconstruction{}, adamw{});
    ema average(model);
    clips batch{.shape = {2, 3, 8, 8}};
    batch.pixels.resize(static_cast<std::size_t>(batch.shape.size()), 0.5f);
    training.step([&](std::int64_t) { return batch; });
}

} // namespace

TEST_CASE("what the meta device counts is what a device takes") {
    counting_context<reference::context> device;
    one_step(device);
    const training_needs needs = needs_of([](auto& meta) { one_step(meta); });
    CHECK(needs.kept == device.allocated->most);
    CHECK(needs.activations >= device.arena.peak());
    CHECK(needs.activations < 4 * device.arena.peak()); // of so small a network the scratch of convolutions is most
    CHECK(needs.flops > 0);
    CHECK(needs.seconds(10, 2 * needs.flops) == 5);
    CHECK_THROWS_AS(needs.seconds(10, 0), error);
    CHECK_THROWS_AS(needs.seconds(10, 1.0 / 0.0), error);
}

TEST_CASE("what cannot fit is refused with both numbers") {
    const training_needs needs{3'000'000'000, 1'500'000'000, 1e12};
    require_fits(needs, 4'500'000'000);
    CHECK_THROWS_WITH(require_fits(needs, 4'400'000'000),
                      Catch::StartsWith("this training needs 4.50 GB (3.00 GB that stay, 1.50 GB in a step), and 4.40 "
                                        "GB are there"));
    CHECK(text_of(needs, 7200, 1e12) ==
          "3.00 GB stay, 1.50 GB in a step, 1.000 TFLOP a step; 7200 steps at 1.00 TFLOP/s: 2:00:00");
    CHECK_THAT(text_of(needs, 9'000'000'000'000'000'000, 1e12), Catch::EndsWith(" TFLOP/s: 2.85e+11 years"));
    CHECK(available_memory().has_value());
    watched_stderr said(false);
    require_fits(needs, std::nullopt);
    CHECK(said.text() == "walt: this training needs 4.50 GB; how much memory there is cannot be told\n");
}

TEST_CASE("available memory is what the system has, and no more than each control group leaves") {
    const temporary_folder root;
    const auto write = [&](const char* name, const std::string& text) {
        std::filesystem::create_directories((root.path / name).parent_path());
        root.write(name, text);
    };
    CHECK(available_memory(root.path) == std::nullopt);
    write("proc/meminfo", "MemTotal: 9000 kB\nMemFree: 1000 kB\nMemAvailable: 8000 kB\n");
    CHECK(available_memory(root.path) == 8'192'000);
    write("proc/self/cgroup", "0::/slice/of mine\n");
    CHECK(available_memory(root.path) == 8'192'000); // whose folder cannot be seen
    write("sys/fs/cgroup/slice/of mine/memory.max", "max\n");
    CHECK(available_memory(root.path) == 8'192'000);
    write("sys/fs/cgroup/slice/memory.max", "5000000\n"); // the limit of a group above
    CHECK(available_memory(root.path) == 5'000'000);
    write("sys/fs/cgroup/slice/memory.current", "4000000\n");
    CHECK(available_memory(root.path) == 1'000'000);
    write("sys/fs/cgroup/slice/memory.stat", "anon 700000\nfile 3300000\ninactive_file 3000000\nactive_file 300000\n");
    CHECK(available_memory(root.path) == 4'000'000); // files that were read are given back
    write("sys/fs/cgroup/slice/of mine/memory.max", "600000\n");
    write("sys/fs/cgroup/slice/of mine/memory.current", "700000\n");
    CHECK(available_memory(root.path) == 0); // full
    write("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:hugetlb,memory:/b\n0::/\n");
    CHECK(available_memory(root.path) == 8'192'000);
    write("sys/fs/cgroup/memory/b/memory.limit_in_bytes", "3000000\n");
    write("sys/fs/cgroup/memory/b/memory.usage_in_bytes", "2000000\n");
    write("sys/fs/cgroup/memory/b/memory.stat", "inactive_file 7\ntotal_inactive_file 500000\n");
    CHECK(available_memory(root.path) == 1'500'000);
}
