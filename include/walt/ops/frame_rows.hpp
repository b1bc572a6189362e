// Which latent frame a frame of a clip belongs to.
#pragma once

#include "../core/dtype.hpp"

#include <cstdint>

namespace walt {

/// Which row of scale and shift a frame uses. The default: all use row 0, a parameter of the norm. Otherwise the rows
/// are the latent's frames (docs/model.md 3, adanorm): in a video's first chunk frame 0 matches latent 0 and frame
/// j >= 1 latent 1 + (j - 1) / stride; in a later one frame j matches latent j / stride.
struct frame_rows {
    std::int64_t frames = 0, latent_frames = 0; ///< of one clip; 0 for the default
    std::int64_t stride = 1;                    ///< frames per latent frame
    bool first = true;                          ///< the clip begins its video

    WALT_HD constexpr std::int64_t of(std::int64_t frame) const {
        if (frames == 0) return 0;
        const std::int64_t j = frame % frames, lead = first ? stride - 1 : 0;
        return frame / frames * latent_frames + (j + lead) / stride;
    }
};

} // namespace walt
