// Latents of many clips, encoded once and kept in memory in bf16: what a denoiser trains on.
#pragma once

#include "../core/model.hpp"
#include "../io/progress.hpp"
#include "../text/text_batch.hpp"
#include "dataset.hpp"
#include "latents.hpp"
#include "permutation.hpp"

#include <algorithm>

namespace walt {

struct latent_caching {
    std::int64_t clips = 10'000; ///< kept: clips 0 .. clips - 1 of the dataset
    int batch = 32;              ///< samples a training batch
    double image_rate = 0.25;    ///< part of the samples that are stacks of images (first frames)
    int encode_at_once = 16;     ///< clips in one pass of the tokenizer
    walt::seed seed{0};
};

/// A source of training batches. An image's latent is the first latent frame of a clip: the tokenizer is causal, so it
/// is what the tokenizer makes of the clip's first frame alone. Keeps a reference to the encoder only.
template <text_encoder Encoder> class latent_cache {
  public:
    template <class Tokenizer, dataset Data>
    latent_cache(const Tokenizer& tokenizer, const Encoder& encoder, const Data& data, latent_caching how = {})
        : encoder_(&encoder), how_(how) {
        require(how.clips >= 1 && how.clips <= data.size(),
                "latent_caching::clips must be 1 to the dataset's {}; it is {}", data.size(), how.clips);
        require(how.batch >= 1 && how.encode_at_once >= 1,
                "latent_caching::batch and encode_at_once must be 1 or more; they are {} and {}", how.batch,
                how.encode_at_once);
        require(how.image_rate >= 0 && how.image_rate <= 1,
                "latent_caching::image_rate is a part of all samples, 0 to 1; it is {}", how.image_rate);
        const auto latent = Tokenizer::module_type::latent_size({1, data.frames(), data.height(), data.width()});
        shape_ = {how.batch, latent.frames, latent.height, latent.width, Tokenizer::dims::latent};
        const std::int64_t F = shape_.frames, frame_size = shape_.frame();
        latents_.resize(static_cast<std::size_t>(how.clips * F * frame_size));
        const std::int64_t clip_size = std::int64_t{3} * data.frames() * data.height() * data.width();
        progress shown(how.clips, "clips encoded");
        std::vector<float> pixels;
        for (std::int64_t first = 0; first < how.clips; first += how.encode_at_once) {
            const std::int64_t count = std::min<std::int64_t>(how.encode_at_once, how.clips - first);
            pixels.resize(static_cast<std::size_t>(count * clip_size));
            for (std::int64_t i = 0; i < count; ++i) add_clip(data, first + i, pixels.data() + i * clip_size);
            const std::vector<float> encoded =
                tokenizer.encode(pixels, count, data.frames(), data.height(), data.width());
            std::transform(encoded.begin(), encoded.end(), latents_.begin() + first * F * frame_size,
                           [](float x) { return bf16(x); });
            shown.update(first + count);
        }
        shown.finish();
    }

    /// Training batch n: a pure function of n, every clip once an epoch.
    latents operator()(std::int64_t n) const {
        latents batch;
        batch.shape = shape_;
        const std::int64_t F = shape_.frames, frame_size = shape_.frame();
        std::vector<std::string> captions;
        for (int b = 0; b < how_.batch; ++b) {
            const std::int64_t sample = n * how_.batch + b;
            const bool image = stacks_before(sample + 1) > stacks_before(sample);
            batch.is_image.push_back(image);
            const std::int64_t clip = clip_of(sample, 0);
            for (std::int64_t f = 0; f < F; ++f) {
                const std::int64_t from = image ? clip_of(sample, static_cast<std::uint64_t>(f) + 1) : clip;
                const bf16* latent = latents_.data() + (from * F + (image ? 0 : f)) * frame_size;
                batch.values.insert(batch.values.end(), latent, latent + frame_size);
                captions.push_back((image ? image_captions_ : captions_)[static_cast<std::size_t>(from)]);
            }
        }
        batch.text = encode_captions(*encoder_, captions);
        return batch;
    }

  private:
    template <class Data> void add_clip(const Data& data, std::int64_t i, float* pixels) {
        captions_.emplace_back();
        image_captions_.emplace_back();
        if constexpr (frame_dataset<Data>) data.read_frame(how_.seed.value, i, 0, pixels, image_captions_.back());
        data.read(how_.seed.value, i, pixels, captions_.back());
        if constexpr (!frame_dataset<Data>) image_captions_.back() = captions_.back();
    }
    /// Stacks of images among the first samples: spread evenly, and known without counting.
    std::int64_t stacks_before(std::int64_t samples) const {
        return static_cast<std::int64_t>(static_cast<double>(samples) * how_.image_rate);
    }
    /// The clip of a sample: another order every epoch, and another one for every place in a stack of images.
    std::int64_t clip_of(std::int64_t sample, std::uint64_t place) const {
        const auto epoch = static_cast<std::uint64_t>(sample / how_.clips);
        return permutation(how_.clips, how_.seed.value + epoch, place)(sample % how_.clips);
    }

    const Encoder* encoder_;
    latent_caching how_;
    video_shape shape_;         // of a batch
    std::vector<bf16> latents_; // [clips, F, H, W, C], normalised
    std::vector<std::string> captions_, image_captions_;
};

} // namespace walt
