// A tokenizer takes 1 + 4 k frames to 1 + k latents and back, and an image is the first frame of any clip.
#include <walt/config/demo.hpp>
#include <walt/reference.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <fmt/core.h>

#include <algorithm>

int main() try {
    walt::reference::context device;
    const walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<float>, walt::seed{1});
    walt::clips clip{.shape = {1, 5, 16, 16}};
    for (std::int64_t i = 0; i < clip.shape.size(); ++i)
        clip.pixels.push_back(walt::philox{1, 1}.uniform(static_cast<std::uint64_t>(i)) * 2 - 1);
    walt::clips image{.shape = {1, 1, 16, 16}, .pixels = clip.pixels};
    image.pixels.resize(static_cast<std::size_t>(image.shape.size()));

    const auto raw = walt::latent_scale::raw; // nothing has been learned or measured here
    const walt::latents latents = tokenizer.encode(clip, raw), alone = tokenizer.encode(image, raw);
    const walt::clips back = tokenizer.decode(latents);
    const bool equal = std::equal(alone.values.begin(), alone.values.end(), latents.values.begin());
    fmt::print("{} numbers become {} and {} again; the image's {} equal the first of the clip's: {}\n",
               clip.pixels.size(), latents.values.size(), back.pixels.size(), alone.values.size(),
               equal ? "yes" : "no");
    return equal && back.shape == clip.shape && latents.shape == walt::video_shape{1, 2, 2, 2, 8} ? 0 : 1;
} catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
}
