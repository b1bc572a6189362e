// Properties of the denoiser that hold for any weights, on the CUDA device.
#include "../transformer/properties.hpp"

#include <walt/cuda.cuh>

namespace tests {
using namespace walt;
using namespace properties;

TEMPLATE_TEST_CASE("cuda: stacked images do not see each other, and frames of a video do", "[cuda][properties]", float,
                   bf16) {
    images_are_alone<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: a text position that is not valid does not matter", "[cuda][properties]", float, bf16) {
    invalid_text_is_not_seen<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: known latents enter only through the mask", "[cuda][properties]", float, bf16) {
    unknown_frames_are_not_seen<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: a model as it starts predicts zero", "[cuda][properties]", float, bf16) {
    a_start_predicts_zero<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: numbers enter only where they are valid", "[cuda][properties]", float, bf16) {
    unknown_numbers_are_not_seen<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: prepared conditions change no bit", "[cuda][properties]", float, bf16) {
    prepared_conditions_give_the_same<walt::cuda::context, TestType>();
}
TEMPLATE_TEST_CASE("cuda: a frozen model passes on the same gradients and keeps less", "[cuda][properties]", float,
                   bf16) {
    a_frozen_model_passes_the_same_gradients<walt::cuda::context, TestType>();
}

} // namespace tests
