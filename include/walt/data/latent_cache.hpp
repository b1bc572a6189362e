// Latents of many clips, encoded once and kept in memory in bf16: what a denoiser trains on.
#pragma once

#include "../core/dtype.hpp"
#include "../io/progress.hpp"
#include "../text/captions.hpp"
#include "latents.hpp"
#include "mixture.hpp"
#include "permutation.hpp"
#include "read_clips.hpp"

namespace walt {

/// How clips become a cache, and the cache batches.
struct latent_caching {
    std::int64_t clips = 10'000; ///< kept: clips 0 .. clips - 1 of the dataset
    int batch = 32;              ///< samples a training batch
    double image_rate = 0.25;    ///< part of the samples that are stacks of images (first frames)
    int encode_at_once = 16;     ///< clips in one pass of the tokenizer, texts in one of the text encoder
    walt::seed seed{0};
    latent_scale scale = latent_scale::normalised; ///< raw: of a tokenizer that was never measured, knowingly
};

/// What the cache needs of a tokenizer.
template <class E>
concept clip_encoder = requires(const E& e, const clips& c, latent_scale scale) {
    { e.encode(c, scale) } -> std::same_as<latents>;
};

/// A source of training batches, with labels and numbers where the dataset has them, and with texts where there is an
/// encoder. An image's latent is the first latent frame of a clip: the tokenizer is causal, so it is what the tokenizer
/// makes of the clip's first frame alone. Keeps neither tokenizer nor encoder nor dataset; texts are encoded here and
/// never in a training step. Batches may be made by several threads at once.
class latent_cache {
  public:
    /// Without texts.
    template <clip_encoder Tokenizer, dataset Data>
    latent_cache(const Tokenizer& tokenizer, const Data& data, latent_caching how = {})
        : latent_cache(data, how, mixture("latent_caching", how.batch, how.image_rate)) {
        encode(tokenizer, data);
    }
    /// With the captions of the dataset.
    template <clip_encoder Tokenizer, text_encoder Encoder, dataset Data>
    latent_cache(const Tokenizer& tokenizer, const Encoder& encoder, const Data& data, latent_caching how = {})
        : latent_cache(data, how, mixture("latent_caching", how.batch, how.image_rate)) {
        caption_list captions;
        encode(tokenizer, data, &captions);
        texts_ = text_table(encoder, captions, static_cast<std::size_t>(how.encode_at_once));
        has_text_ = true;
    }

    /// Training batch n: a pure function of n, every clip once an epoch.
    latents operator()(std::int64_t n) const {
        latents batch;
        batch.shape = {mix_.batch(), shape_.frames, shape_.height, shape_.width, shape_.channels};
        batch.scale = how_.scale;
        const std::int64_t F = shape_.frames, frame = shape_.frame();
        std::vector<std::int32_t> captions;
        for (int b = 0; b < mix_.batch(); ++b) {
            const std::int64_t sample = n * mix_.batch() + b;
            const bool image = mix_.is_stack(sample);
            batch.is_image.push_back(image);
            const std::int64_t clip = clip_of(sample, 0);
            for (std::int64_t f = 0; f < F; ++f) {
                const std::int64_t from = image ? clip_of(sample, static_cast<std::uint64_t>(f) + 1) : clip;
                const std::int64_t at = from * F + (image ? 0 : f);
                append(values_, at, frame, batch.values);
                const told& what = (image ? images_ : videos_)[static_cast<std::size_t>(from)];
                captions.push_back(what.caption);
                if (has_labels_) batch.labels.push_back(what.label);
                if (image && !image_numbers_.empty()) {
                    append(image_numbers_, from, numbers_, batch.numbers);
                    append(image_numbers_valid_, from, 1, batch.numbers_valid);
                } else if (numbers_ > 0) {
                    append(video_numbers_, at, numbers_, batch.numbers);
                    append(video_numbers_valid_, at, 1, batch.numbers_valid);
                }
            }
        }
        if (has_text_) batch.text = texts_(captions);
        return batch;
    }

  private:
    /// What is known of a clip, or of its first frame as an image.
    struct told {
        std::int32_t caption = 0; // its number in the list
        std::int32_t label = no_label;
    };

    template <dataset Data>
    latent_cache(const Data& data, latent_caching how, mixture mix)
        : how_(how), mix_(mix), has_labels_(classes_of(data) > 0), numbers_(numbers_of(data)) {
        require(how.clips >= 1 && how.clips <= data.size(),
                "latent_caching::clips must be 1 to the dataset's {}; it is {}", data.size(), how.clips);
        require(how.encode_at_once >= 1, "latent_caching::encode_at_once must be 1 or more; it is {}",
                how.encode_at_once);
    }

    template <class Tokenizer, class Data>
    void encode(const Tokenizer& tokenizer, const Data& data, caption_list* captions = nullptr) {
        const auto tell = [&](std::vector<told>& list, const std::string& caption, std::int32_t label) {
            list.push_back({captions != nullptr ? captions->number(caption) : 0, label});
        };
        progress shown(how_.clips, "clips encoded");
        for (std::int64_t first = 0; first < how_.clips; first += how_.encode_at_once) {
            const std::int64_t count = std::min<std::int64_t>(how_.encode_at_once, how_.clips - first);
            const clips read = read_clips(data, how_.seed, first, count);
            const latents encoded = tokenizer.encode(read, how_.scale);
            shape_ = encoded.shape;
            if (first == 0) values_.reserve(static_cast<std::size_t>(how_.clips * shape_.sample()));
            for (const float value : encoded.values) values_.push_back(bf16(value));
            video_numbers_.insert(video_numbers_.end(), encoded.numbers.begin(), encoded.numbers.end());
            video_numbers_valid_.insert(video_numbers_valid_.end(), encoded.numbers_valid.begin(),
                                        encoded.numbers_valid.end());
            for (std::int64_t i = 0; i < count; ++i) {
                const std::string& caption = read.captions[static_cast<std::size_t>(i)].front();
                const std::int32_t label =
                    has_labels_ ? read.labels[static_cast<std::size_t>(i * read.shape.frames)] : no_label;
                tell(videos_, caption, label);
                if (mix_.image_rate() == 0) continue;
                if constexpr (frame_dataset<Data>) {
                    const clip still = frame_at(data, how_.seed, first + i, 0);
                    tell(images_, still.caption, still.label);
                    image_numbers_.insert(image_numbers_.end(), still.numbers.begin(), still.numbers.end());
                    image_numbers_valid_.insert(image_numbers_valid_.end(), still.numbers_valid.begin(),
                                                still.numbers_valid.end());
                } else {
                    tell(images_, caption, label);
                }
            }
            shown.update(first + count);
        }
        shown.finish();
    }

    /// Element `at` of a list of elements of so many numbers.
    template <class T, class U>
    static void append(const std::vector<T>& from, std::int64_t at, std::int64_t numbers, std::vector<U>& to) {
        to.insert(to.end(), from.begin() + at * numbers, from.begin() + (at + 1) * numbers);
    }
    /// The clip of a sample: another order every epoch, and another one for every place in a stack of images.
    std::int64_t clip_of(std::int64_t sample, std::uint64_t place) const {
        const auto epoch = static_cast<std::uint64_t>(sample / how_.clips);
        return permutation(how_.clips, how_.seed.value + epoch, place)(sample % how_.clips);
    }

    latent_caching how_;
    mixture mix_;
    bool has_labels_, has_text_ = false;
    std::int64_t numbers_;                                                // of each frame
    video_shape shape_;                                                   // of what the tokenizer made last
    std::vector<bf16> values_;                                            // [clips, F, H, W, C]
    std::vector<told> videos_, images_;                                   // [clips]
    std::vector<float> video_numbers_, image_numbers_;                    // [clips, F, N] and [clips, N]
    std::vector<std::uint8_t> video_numbers_valid_, image_numbers_valid_; // [clips, F] and [clips]
    text_table texts_;
};

} // namespace walt
