// A tokenizer of images becomes one of videos, or says why not.
#include "golden_inflation.hpp"

#include <walt/cpu.hpp>

using namespace walt;
using namespace walt::testing::golden_inflation;

TEST_CASE("an inflated tokenizer equals the golden file, and on one frame the tokenizer of images",
          "[tokenizer][golden]") {
    SECTION("reference, double") {
        reference::context ctx;
        check<double>(ctx, in_double);
    }
    SECTION("reference, float") {
        reference::context ctx;
        check<float>(ctx, in_float);
    }
    SECTION("cpu, float") {
        cpu::context ctx;
        check<float>(ctx, in_float);
    }
    SECTION("cpu, bf16") {
        cpu::context ctx;
        check<bf16>(ctx, in_bf16);
    }
}

namespace {
struct grouped : of_images {
    static constexpr int norm_groups = 4;
};
struct wider : of_images {
    static constexpr std::array<int, 2> multipliers{1, 3};
};
struct grey : of_images {
    static constexpr int in_channels = 1;
};
struct large_latents : of_images {
    static constexpr std::array<int, 1> space_strides{1};
};
struct slower : of_videos {
    static constexpr std::array<int, 1> time_strides{1};
};
} // namespace

TEST_CASE("what differs from the tokenizer of videos in more than time is not inflated", "[tokenizer]") {
    cpu::context ctx;
    tokenizer videos(ctx, of_videos{}, compute<float>, seed{1});
    const auto all = [](const auto& net) {
        std::vector<float> values;
        for (const parameter_row& row : std::remove_cvref_t<decltype(net)>::table()) {
            std::vector<float> of_row(row.size);
            net.get(row, of_row);
            values.insert(values.end(), of_row.begin(), of_row.end());
        }
        return values;
    };
    const std::vector<float> before = all(videos);
    const auto refused = [&](auto config, const std::string& sentence) {
        const tokenizer from(ctx, config, compute<float>, seed{2});
        CHECK_THROWS_WITH(inflate(from, videos), Catch::Equals(sentence));
    };
    const std::string why = ": they differ in more than time";
    refused(grouped{}, "a tokenizer whose norm_groups is 4 cannot be inflated to one whose norm_groups is 2" + why);
    refused(wider{},
            "a tokenizer whose multipliers is [1, 3] cannot be inflated to one whose multipliers is [1, 2]" + why);
    refused(grey{}, "a tokenizer whose in_channels is 1 cannot be inflated to one whose in_channels is 3" + why);
    refused(large_latents{},
            "a tokenizer whose space_strides is [1] cannot be inflated to one whose space_strides is its default" +
                why);
    CHECK(all(videos) == before);

    // Strides in time can only be added. The first rows would fit: none of them is set.
    const tokenizer fast(ctx, of_videos{}, compute<float>, seed{2});
    tokenizer slow(ctx, slower{}, compute<float>, seed{1});
    const std::vector<float> slow_before = all(slow);
    CHECK_THROWS_WITH(inflate(fast, slow), Catch::Contains("cannot be inflated to one of"));
    CHECK(all(slow) == slow_before);
}
