// A folder's captions.txt, its captions as texts, and the names of files made of them.
#include "file_of.hpp"

#include <walt/data/media_folder.hpp>
#include <walt/io/output_names.hpp>
#include <walt/text/captions.hpp>
#include <walt/text/word_vectors.hpp>

#include <set>

void test(std::span<const std::uint8_t> bytes) {
    fuzz::file_of(bytes, "captions.txt");
    fuzz::may_refuse([&] {
        std::vector<std::string> captions;
        for (const walt::media_file& file : walt::list_media(fuzz::folder(), walt::media::image))
            captions.push_back(file.caption);
        walt::encode_captions(walt::word_vectors(8, 4), captions).check();
        const auto names = walt::file_names(captions);
        fuzz::holds(std::set<std::string>(names.begin(), names.end()).size() == names.size());
        for (const std::string& name : names)
            fuzz::holds(!name.empty() && name[0] != '.' && name[0] != '-' && name.find('/') == name.npos &&
                        name.size() < 80);
    });
}
