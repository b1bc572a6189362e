// What is asked of folders, said in sentences where the system cannot answer.
#pragma once

#include "../core/error.hpp"

#include <filesystem>
#include <system_error>

namespace walt {

/// Makes a folder, and those that it lies in, where they are not there.
inline void make_folder(const std::filesystem::path& folder) {
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    require(!problem, "the folder '{}' cannot be made: {}", folder.string(), problem.message());
}

/// Whether there is something at a path. Where the system does not know (a disk that fails, a folder that is forbidden)
/// it is a walt::error, and not as if there were nothing.
inline bool is_there(const std::filesystem::path& path) {
    std::error_code problem;
    const bool found = std::filesystem::exists(path, problem);
    require(!problem, "the system does not say whether there is a file '{}': {}", path.string(), problem.message());
    return found;
}

} // namespace walt
