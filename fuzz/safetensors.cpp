// Tensors of a file, in every type.
#include "file_of.hpp"

#include <walt/io/safetensors.hpp>

void test(std::span<const std::uint8_t> bytes) {
    const auto path = fuzz::file_of(bytes);
    fuzz::may_refuse([&] {
        const walt::safetensors_file file(path);
        for (const std::string& name : file.names()) {
            fuzz::may_refuse([&] { file.read<float>(name); });
            fuzz::may_refuse([&] { file.read<std::int32_t>(name); });
            fuzz::may_refuse([&] { file.read<walt::bf16>(name); });
            fuzz::may_refuse([&] { file.read<std::uint8_t>(name, file.tensor(name).shape); });
        }
    });
}
