// A tokenizer takes 1 + 4 k frames to 1 + k latents and back, and an image is the first frame of any clip.
#include <walt/config/demo.hpp>
#include <walt/reference.hpp>
#include <walt/tokenizer/tokenizer.hpp>

#include <algorithm>
#include <cstdio>

int main() {
    walt::reference::context device;
    const walt::tokenizer tokenizer(device, walt::presets::demo_tokenizer{}, walt::compute<float>, walt::seed{1});
    constexpr int frames = 5, side = 16;
    std::vector<float> clip(frames * side * side * 3);
    for (std::size_t i = 0; i < clip.size(); ++i) clip[i] = walt::philox{1, 1}.uniform(i) * 2 - 1;
    const std::vector<float> image(clip.begin(), clip.begin() + side * side * 3);

    const std::vector<float> latents = tokenizer.encode(clip, 1, frames, side, side);
    const std::vector<float> alone = tokenizer.encode(image, 1, 1, side, side);
    const std::vector<float> back = tokenizer.decode(latents, 1, 2, 2, 2);
    const bool equal = std::equal(alone.begin(), alone.end(), latents.begin());
    std::printf("%zu numbers become %zu and %zu again; the image's %zu equal the first of the clip's: %s\n",
                clip.size(), latents.size(), back.size(), alone.size(), equal ? "yes" : "no");
    return equal && back.size() == clip.size() && latents.size() == 2 * 2 * 2 * 8 ? 0 : 1;
}
