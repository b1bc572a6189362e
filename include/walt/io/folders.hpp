// What is asked of folders, said in sentences where the system cannot answer.
#pragma once

#include "../core/error.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

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

/// What a folder has, in the order of the names; not what begins with a dot: systems and programs hide their own files
/// so (among them "._name", which a Mac leaves beside every file on foreign disks).
inline std::vector<std::filesystem::path> visible_entries(const std::filesystem::path& folder) {
    std::error_code problem;
    std::vector<std::filesystem::path> entries;
    for (std::filesystem::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
        if (at->path().filename().string().front() != '.') entries.push_back(at->path());
    require(!problem, "the folder '{}' cannot be read: {}", folder.string(), problem.message());
    std::sort(entries.begin(), entries.end());
    return entries;
}
/// A link that leads nowhere or that may not be followed is none.
inline bool is_folder(const std::filesystem::path& path) {
    std::error_code problem;
    return std::filesystem::is_directory(path, problem);
}

} // namespace walt
