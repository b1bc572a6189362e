// A folder of class folders, as UCF-101 (videos) and ImageNet (images) are laid out, whole or as an official list says.
#pragma once

#include "../io/folders.hpp"
#include "dataset.hpp"
#include "file_list.hpp"
#include "media_folder.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

namespace walt {

/// Files of all classes, and the classes' names; a file's label is its class's place there, its caption the name.
struct class_list {
    std::vector<std::string> names; ///< in order
    std::vector<media_file> files;  ///< by class, then by name
};

namespace detail {
/// Whether an entry of `folder` is the folder of a class. Of a link that leads nowhere (to a disk that is not mounted,
/// say) nobody knows, and to pass it over would give all later classes other labels.
inline bool is_class(const std::filesystem::path& entry, const std::filesystem::path& folder) {
    if (is_folder(entry)) return true;
    require(is_there(entry), "'{}' in '{}' is a link that leads nowhere, so whether it is a class is not known",
            entry.filename().string(), folder.string());
    return false;
}
} // namespace detail

/// Lists `folder`, in which every folder is a class. Files that are no images or videos are passed over, and so is what
/// is hidden (visible_entries). Throws walt::error where there is no class, where one has no such file, where
/// images and videos or files and class folders are mixed, and where a link leads nowhere.
inline class_list list_classes(const std::filesystem::path& folder, media kind) {
    require(is_folder(folder), "'{}' is not a folder of class folders", folder.string());
    class_list all;
    for (const std::filesystem::path& entry : visible_entries(folder)) {
        if (!detail::is_class(entry, folder)) {
            require(media_of(entry) == media::neither,
                    "'{}' lies beside the class folders of '{}', so it has no class: it belongs into one of them",
                    entry.filename().string(), folder.string());
            continue;
        }
        const auto label = static_cast<std::int32_t>(all.names.size());
        const std::size_t before = all.files.size();
        all.names.push_back(entry.filename().string());
        for (const std::filesystem::path& file : visible_entries(entry)) {
            const media what = media_of(file);
            require(what == kind || what == media::neither, "the class folder '{}' should hold {}, but has '{}'",
                    entry.string(), name_of(kind), file.filename().string());
            if (what == kind && !is_folder(file)) all.files.push_back({file, all.names.back(), label});
        }
        require(all.files.size() > before, "the class folder '{}' has no {}", entry.string(), name_of(kind));
    }
    require(!all.names.empty(), "'{}' has no class folders: it should have one folder for each class", folder.string());
    return all;
}

namespace detail {
/// The class folders of a folder, in the order of their names.
inline std::vector<std::string> class_folders(const std::filesystem::path& folder) {
    require(is_folder(folder), "'{}' is not a folder of class folders", folder.string());
    std::vector<std::string> names;
    for (const std::filesystem::path& entry : visible_entries(folder))
        if (is_class(entry, folder)) names.push_back(entry.filename().string());
    return names;
}
} // namespace detail

/// Lists what `part` names. A file's class is that of its class folder; of a file outside of one, that of the list's
/// number. Numbers of a list begin where those of its classes do (or at 0, or anywhere where each file has its class
/// folder); one that contradicts a class folder is an error: UCF-101's own order is not that of names as computers sort
/// them ("Hammering" before "HammerThrow"). Throws walt::error for what is not there, too.
inline class_list list_classes(const std::filesystem::path& folder, media kind, const file_list& part) {
    require(is_folder(folder), "'{}' is not a folder of class folders", folder.string());
    const std::string list = part.files.string();
    const detail::class_order order = part.classes.empty() ? detail::class_order{detail::class_folders(folder), {}}
                                                           : detail::read_classes(part.classes);
    class_list all{order.names, {}};
    const auto classes = static_cast<std::int64_t>(order.names.size());
    std::unordered_map<std::string, std::int64_t> label_of; // of equal names the first
    for (std::int64_t i = 0; i < classes; ++i) label_of.try_emplace(order.names[static_cast<std::size_t>(i)], i);
    std::optional<std::int64_t> first = order.first;
    for (const auto& [line, name, number] : detail::read_list(part.files)) {
        require(media_of(name) == kind, "line {} of '{}' should name one of {}, but is '{}'", line, list, name_of(kind),
                name.string());
        const std::filesystem::path file = folder / name;
        std::error_code absent;
        require(std::filesystem::is_regular_file(file, absent), "line {} of '{}' names '{}', which is not in '{}'",
                line, list, name.string(), folder.string());
        const std::string own = name.parent_path().filename().string();
        const auto known = label_of.find(own);
        require(own.empty() || known != label_of.end(),
                "line {} of '{}' names '{}', and there is no class '{}' among {}", line, list, name.string(), own,
                classes);
        std::int64_t label = own.empty() ? 0 : known->second;
        if (own.empty()) {
            require(number.has_value(), "line {} of '{}' should say the class of '{}', which lies in no class folder",
                    line, list, name.string());
            label = *number - first.value_or(0);
            require(label >= 0 && label < classes, "line {} of '{}' says class {}; the {} classes begin with {}", line,
                    list, *number, classes, first.value_or(0));
        } else if (number) {
            if (!first) first = *number - label;
            require(*number == *first + label,
                    "line {} of '{}' says class {} of '{}', which is class {} in the order of the classes: "
                    "file_list::classes names a file with the list's own order",
                    line, list, *number, name.string(), *first + label);
        }
        all.files.push_back({file, order.names[static_cast<std::size_t>(label)], static_cast<std::int32_t>(label)});
    }
    return all;
}

/// class_folder<video_folder>("UCF-101", {.frames = 17}) and class_folder<image_folder>("ImageNet/train"): those
/// datasets, with labels. Classes are numbered in the order of their names. With a list, the files that it names:
///     class_folder<video_folder>("UCF-101", {"trainlist01.txt", "classInd.txt"}, {.frames = 17})
template <class Folder> class class_folder : public Folder {
  public:
    explicit class_folder(const std::filesystem::path& folder, typename Folder::reading how = {})
        : class_folder(list_classes(folder, Folder::kind), how) {}
    class_folder(const std::filesystem::path& folder, const file_list& part, typename Folder::reading how = {})
        : class_folder(list_classes(folder, Folder::kind, part), how) {}

    int classes() const { return static_cast<int>(names_->size()); }
    /// The classes by label.
    const std::vector<std::string>& names() const { return *names_; }

  private:
    class_folder(class_list all, typename Folder::reading how)
        : Folder(std::move(all.files), how),
          names_(std::make_shared<const std::vector<std::string>>(std::move(all.names))) {}

    std::shared_ptr<const std::vector<std::string>> names_;
};

} // namespace walt
