// The text networks against their golden files on the CUDA device.
#include "../text/golden_network.hpp"

#include <walt/ops/cuda/embedding.cuh>
#include <walt/ops/cuda/gated_activation.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/pointwise.cuh>
#include <walt/ops/cuda/row_norm.cuh>
#include <walt/ops/cuda/text_attention.cuh>

#include <walt/ops/reference/embedding.hpp>
#include <walt/ops/reference/gated_activation.hpp>
#include <walt/ops/reference/linear.hpp>
#include <walt/ops/reference/pointwise.hpp>
#include <walt/ops/reference/row_norm.hpp>
#include <walt/ops/reference/text_attention.hpp>
#include <walt/text/network_encoder.hpp>

namespace tests {
using namespace walt;
using namespace walt::testing::golden_network;

TEMPLATE_TEST_CASE("cuda: a text network equals its golden file", "[cuda][text][golden]", t5<t5_small>,
                   bert<bert_small>) {
    walt::cuda::context ctx;
    SECTION("float") { check<TestType, float>(ctx, in_float); }
    SECTION("bf16") { check<TestType, bf16>(ctx, in_bf16); }
}

/// A token a byte.
struct single_bytes {
    static constexpr int least_tokens = 2;
    token_list operator()(std::string_view text, int max_tokens) const {
        token_list made;
        for (const char c : text.substr(0, static_cast<std::size_t>(max_tokens))) made.ids.push_back(c % 50);
        made.words = made.ids.size();
        return made;
    }
    int vocabulary() const { return 50; }
    std::int32_t padding() const { return 0; }
    std::uint64_t fingerprint() const { return 1; }
};

TEST_CASE("cuda: a network encoder gives the reference's vectors", "[cuda][text]") {
    walt::cuda::context device;
    reference::context plain;
    const std::vector<std::string> texts{"a red sneaker", "", "left"};
    const auto on = [&](auto& ctx) {
        return network_encoder(ctx, t5<t5_small>{}, compute<float>, seed{1}, single_bytes{}, {.max_tokens = 16})
            .encode(texts);
    };
    const text_batch mine = on(device), right = on(plain);
    CHECK(mine.valid == right.valid);
    CHECK(testing::relative_error(mine.vectors.data(), right.vectors) < in_float);
}

} // namespace tests
