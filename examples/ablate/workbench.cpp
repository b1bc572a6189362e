#include "workbench.hpp"

#include <walt/data/halved.hpp>
#include <walt/data/moving_fashion.hpp>
#include <walt/data/read_clips.hpp>
#include <walt/data/video_folder.hpp>
#include <walt/data/videos.hpp>
#include <walt/io/weights.hpp>
#include <walt/measures/frechet.hpp>

#include <algorithm>

namespace ablate {

namespace {

template <walt::dataset Data> any_clips erased(Data data) {
    return {data.size(), [data = std::move(data)](walt::seed from, std::int64_t index, walt::clip& out) {
                out = walt::clip_at(data, from, index);
                out.label = walt::no_label;
            }};
}

any_clips clips_of(const options& how, bool training) {
    if (how.videos.empty())
        return erased(walt::halved(
            walt::moving_fashion({.size = 2 * side,
                                  .frames = frames,
                                  .pictures = training ? walt::fashion_part::train : walt::fashion_part::test})));
    return erased(walt::video_folder(
        how.videos,
        {.frames = frames, .height = side, .width = side, .from = training ? 0 : 0.8, .until = training ? 0.8 : 1}));
}

} // namespace

workbench::workbench(options wanted)
    : how(std::move(wanted)), training(clips_of(how, true)), unseen(clips_of(how, false)),
      text(base::text_dim, base::text_tokens),
      real(walt::read_clips(unseen, walt::seed{5}, 0, std::min(how.evaluated, unseen.size()))),
      features_(cpu, walt::perceptual_network<walt::item_features, false>{}, walt::compute<float>,
                walt::weights_file(how.features)),
      real_statistics_(
          statistics_of(walt::read_clips(unseen, walt::seed{6}, 0, std::min<std::int64_t>(512, unseen.size())))) {
    if (how.videos.empty()) {
        const walt::folder_lock mine = wait_to_claim(how, "judge");
        judge_.emplace(cpu, how.run / "judge", how.judge_steps);
    }
}

walt::feature_statistics workbench::statistics_of(const walt::clips& of) const {
    walt::feature_statistics made;
    made.add(features_.pooled(of), features_.pooled_features);
    return made;
}

double workbench::frechet_from_real(const walt::clips& of) const {
    return walt::frechet_distance(real_statistics_, statistics_of(of));
}

walt::named_numbers workbench::measure(const walt::clips& samples) {
    walt::named_numbers numbers{{"Frechet", frechet_from_real(samples)}};
    if (!judge_) return numbers;
    int item = 0, colour = 0, direction = 0, all = 0;
    const std::vector<walt::video> videos = walt::to_videos(samples);
    for (std::size_t i = 0; i < videos.size(); ++i) {
        const walt::clips seen = walt::to_clips(videos[i], judge::side, judge::side); // the size that the judge knows
        const judge::verdict found = (*judge_)(seen.pixels.data(), frames);
        const auto told = walt::moving_fashion::parse(real.captions[i].front()).value();
        item += found.item == told.item;
        colour += found.colour == told.colour;
        direction += found.direction == told.direction;
        all += found.item == told.item && found.colour == told.colour && found.direction == told.direction;
    }
    const auto share = [&](int right) { return 100.0 * right / static_cast<double>(videos.size()); };
    numbers.insert(numbers.end(), {{"item %", share(item)},
                                   {"colour %", share(colour)},
                                   {"direction %", share(direction)},
                                   {"caption %", share(all)}});
    return numbers;
}

} // namespace ablate
