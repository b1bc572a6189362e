// Latents of many clips, encoded once and kept in memory in bf16: what a denoiser trains on.
#pragma once

#include "../core/dtype.hpp"
#include "../core/range.hpp"
#include "../io/progress.hpp"
#include "../text/captions.hpp"
#include "../text/vocabulary.hpp"
#include "latents.hpp"
#include "mixture.hpp"
#include "permutation.hpp"
#include "read_clips.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace walt {

/// How clips become a cache, and the cache batches.
struct latent_caching {
    std::int64_t clips = 10'000; ///< kept: clips 0 .. clips - 1 of the dataset
    int batch = 32;              ///< samples a training batch
    double image_rate = 0.25;    ///< part of the samples that are stacks of images (first frames)
    int encode_at_once = 16;     ///< clips in one pass of the tokenizer, texts in one of the text encoder
    walt::seed seed{0};
    latent_scale scale = latent_scale::normalised; ///< raw: of a tokenizer that was never measured, knowingly

    /// For a program that makes its cache late: throws now what latent_cache would, but for the dataset's size and the
    /// tokenizer.
    void each_option(auto&& option) const {
        option("latent_caching::clips", clips, ranges::count);
        option("latent_caching::batch", batch, ranges::count);
        option("latent_caching::image_rate", image_rate, ranges::share);
        option("latent_caching::encode_at_once", encode_at_once, ranges::count);
    }
};

/// What the cache needs of a tokenizer.
template <class E>
concept clip_encoder = requires(const E& e, const clips& c, latent_scale scale) {
    { e.encode(c, scale) } -> std::same_as<latents>;
};

/// A source of training batches, with labels and numbers where the dataset has them, with texts where there is an
/// encoder, and with low-resolution latents where the tokenizer gives them (latent_pairs). An image's latent is the
/// first latent frame of a clip: the tokenizer is causal, so it is what the tokenizer makes of the clip's first frame
/// alone. A tokenizer that sees later frames is refused where images are asked for. Keeps neither tokenizer nor encoder
/// nor dataset; texts are encoded here and never in a training step. Batches may be made by several threads at once,
/// and copies share the latents.
class latent_cache {
  public:
    /// Without texts.
    template <clip_encoder Tokenizer, dataset Data>
    latent_cache(const Tokenizer& tokenizer, const Data& data, latent_caching how = {})
        : how_(how), mix_("latent_caching", how.batch, how.image_rate), kept_(encode(tokenizer, data, nullptr)) {}

    /// With the captions of the dataset.
    template <clip_encoder Tokenizer, text_encoder Encoder, dataset Data>
    latent_cache(const Tokenizer& tokenizer, const Encoder& encoder, const Data& data, latent_caching how = {})
        : how_(how), mix_("latent_caching", how.batch, how.image_rate) {
        caption_list captions;
        const auto made = encode(tokenizer, data, &captions);
        for (const std::string& caption : captions.captions()) made->trained.add(caption);
        made->texts.emplace(encoder, captions, static_cast<std::size_t>(how.encode_at_once));
        kept_ = made;
    }

    /// The words of all captions; none without texts.
    const vocabulary& words() const { return kept_->trained; }

    /// For a run's state.
    void each_option(auto&& option) const {
        option("latent_caching::clips", how_.clips, ranges::count);
        option("latent_caching::batch", mix_.batch(), ranges::count);
        option("latent_caching::image_rate", mix_.image_rate(), ranges::share);
        option("latent_caching::seed", how_.seed.value, ranges::not_negative);
    }
    /// Training batch n: a pure function of n. Every clip comes once an epoch as a video, and once in one of images,
    /// of which each stack takes as many as it has frames.
    latents operator()(std::int64_t n) const {
        const contents& all = *kept_;
        const std::int64_t F = all.shape.frames, N = all.numbers;
        latents batch;
        batch.shape = all.shape;
        batch.shape.count = mix_.batch();
        batch.scale = how_.scale;
        std::vector<std::int32_t> captions;
        for (std::int64_t sample = n * mix_.batch(); sample < (n + 1) * mix_.batch(); ++sample) {
            const bool image = mix_.is_stack(sample);
            batch.is_image.push_back(image);
            const std::int64_t stacks = mix_.stacks_before(sample), video = image ? 0 : clip_of(sample - stacks, 0);
            for (std::int64_t f = 0; f < F; ++f) {
                const std::int64_t from = image ? clip_of(stacks * F + f, 1) : video;
                const std::int64_t frame = from * F + (image ? 0 : f);
                append(all.values, frame, all.shape.frame(), batch.values);
                append(all.low_resolution, frame, all.low_frame, batch.low_resolution);
                const told& what = (image ? all.images : all.videos)[static_cast<std::size_t>(from)];
                captions.push_back(what.caption);
                if (all.has_labels) batch.labels.push_back(what.label);
                const bool own = image && !all.image_numbers.empty();
                append(own ? all.image_numbers : all.video_numbers, own ? from : frame, N, batch.numbers);
                if (N > 0)
                    append(own ? all.image_numbers_valid : all.video_numbers_valid, own ? from : frame, 1,
                           batch.numbers_valid);
            }
        }
        if (all.texts) batch.text = (*all.texts)(captions);
        return batch;
    }

  private:
    /// What is known of a clip, or of its first frame as an image.
    struct told {
        std::int32_t caption = 0; // its number in the list
        std::int32_t label = no_label;
    };
    struct contents {
        video_shape shape;                // of what the tokenizer made last
        std::vector<bf16> values;         // [clips, F, H, W, C]
        std::int64_t low_frame = 0;       // H W C / 4 where there are low-resolution latents
        std::vector<bf16> low_resolution; // [clips, F, H/2, W/2, C]
        bool has_labels = false;
        std::int64_t numbers = 0;                                           // N
        std::vector<told> videos, images;                                   // [clips]
        std::vector<float> video_numbers, image_numbers;                    // [clips, F, N] and [clips, N]
        std::vector<std::uint8_t> video_numbers_valid, image_numbers_valid; // [clips, F] and [clips]
        std::optional<text_table> texts;
        vocabulary trained; // the words of the captions
    };

    /// Reads and encodes the clips; lists their captions where somebody wants them.
    template <class Tokenizer, class Data>
    std::shared_ptr<contents> encode(const Tokenizer& tokenizer, const Data& data, caption_list* captions) const {
        check_options(how_);
        if constexpr (!sees_no_future<Tokenizer>())
            require(how_.image_rate == 0 || data.frames() == 1,
                    "a first latent frame is an image's only if it sees no later frame: with this tokenizer (its "
                    "config's causal is false) and clips of {} frames latent_caching::image_rate must be 0; it is {}",
                    data.frames(), how_.image_rate);
        require(how_.clips <= data.size(), "latent_caching::clips must be 1 to the dataset's {}; it is {}", data.size(),
                how_.clips);
        const auto made = std::make_shared<contents>();
        made->has_labels = classes_of(data) > 0;
        made->numbers = numbers_of(data);
        const auto tell = [&](std::vector<told>& list, const std::string& caption, std::int32_t label) {
            list.push_back({captions != nullptr ? captions->number(caption) : 0, label});
        };
        progress shown(how_.clips, "clips encoded");
        for (std::int64_t first = 0; first < how_.clips; first += how_.encode_at_once) {
            const clips read =
                read_clips(data, how_.seed, first, std::min<std::int64_t>(how_.encode_at_once, how_.clips - first));
            const latents encoded = tokenizer.encode(read, how_.scale);
            made->shape = encoded.shape;
            if (first == 0) made->values.reserve(static_cast<std::size_t>(how_.clips * encoded.shape.sample()));
            for (const float value : encoded.values) made->values.push_back(bf16(value));
            for (const float value : encoded.low_resolution) made->low_resolution.push_back(bf16(value));
            if (!encoded.low_resolution.empty()) made->low_frame = encoded.shape.frame() / 4;
            detail::append(made->video_numbers, encoded.numbers);
            detail::append(made->video_numbers_valid, encoded.numbers_valid);
            for (std::int64_t i = 0; i < read.shape.count; ++i) {
                const std::string& caption = read.captions[static_cast<std::size_t>(i)].front();
                const std::int32_t label =
                    made->has_labels ? read.labels[static_cast<std::size_t>(i * read.shape.frames)] : no_label;
                tell(made->videos, caption, label);
                if (mix_.image_rate() == 0) continue;
                if constexpr (frame_dataset<Data>) {
                    const clip still = frame_at(data, how_.seed, first + i, 0);
                    tell(made->images, still.caption, still.label);
                    detail::append(made->image_numbers, still.numbers);
                    detail::append(made->image_numbers_valid, still.numbers_valid);
                } else {
                    tell(made->images, caption, label);
                }
            }
            shown.update(first + read.shape.count);
        }
        shown.finish();
        return made;
    }

    /// Element `at` of a list of elements of so many numbers.
    template <class T, class U>
    static void append(const std::vector<T>& from, std::int64_t at, std::int64_t numbers, std::vector<U>& to) {
        detail::append(to, from, at * numbers, numbers);
    }
    /// The clip of the nth video (of: 0) or of the nth image (of: 1), in another order every epoch.
    std::int64_t clip_of(std::int64_t n, std::uint64_t of) const {
        const auto epoch = static_cast<std::uint64_t>(n / how_.clips);
        return permutation(how_.clips, how_.seed.value + epoch, of)(n % how_.clips);
    }

    latent_caching how_;
    mixture mix_;
    std::shared_ptr<const contents> kept_;
};

} // namespace walt
