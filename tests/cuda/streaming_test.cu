// Streams of a tokenizer on the CUDA device: a video in chunks is the whole video.
#include "../tokenizer/streams.hpp"

#include <walt/ops/cuda/conv3d.cuh>
#include <walt/ops/cuda/depth_to_space.cuh>
#include <walt/ops/cuda/group_norm.cuh>
#include <walt/ops/cuda/latent_statistics.cuh>
#include <walt/ops/cuda/linear.cuh>
#include <walt/ops/cuda/pointwise.cuh>

namespace tests {
using namespace walt;
using namespace walt::testing;
using golden_tokenizer::small, golden_tokenizer::three_levels, golden_tokenizer::groups,
    golden_tokenizer::frame_by_frame;

TEMPLATE_TEST_CASE("cuda: a video in chunks is the whole video", "[cuda][tokenizer][streaming]", small, three_levels,
                   groups, frame_by_frame, four_frames) {
    walt::cuda::context ctx;
    // A chunk with a past is convolved by another of cuDNN's engines than the whole video: as near as the golden files.
    SECTION("float") { check_streams<float, TestType>(ctx, golden_tokenizer::in_float.output); }
    SECTION("bf16") { check_streams<bf16, TestType>(ctx, golden_tokenizer::in_bf16.output); }
}

TEST_CASE("cuda: a stream needs no more memory than its plan says", "[cuda][tokenizer][streaming]") {
    const std::int64_t latent_frames = GENERATE(1, 3);
    check_memory<float, four_frames, walt::cuda::context>(2, latent_frames);
    check_memory<bf16, four_frames, walt::cuda::context>(1, latent_frames);
}

} // namespace tests
