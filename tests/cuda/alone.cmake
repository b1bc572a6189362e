# The preset cuda-alone where nothing is but CUDA's toolkit, cuDNN and fmt: packages are hidden from CMake, and headers of
# libraries that must not be used are errors. SOURCE, BUILD, COMPILER, ARCHITECTURES.
set(hidden "")
foreach(package Catch2 benchmark PNG JPEG ZLIB OpenMP PkgConfig)
    list(APPEND hidden -D CMAKE_DISABLE_FIND_PACKAGE_${package}=ON)
endforeach()
foreach(library DNNL JANSSON LAPACKE CBLAS)
    list(APPEND hidden -D WALT_${library}_INCLUDE=OFF -D WALT_${library}_LIBRARY=OFF)
endforeach()
file(REMOVE_RECURSE ${BUILD})
foreach(header catch2/catch.hpp benchmark/benchmark.h CLI/CLI.hpp png.h jpeglib.h zlib.h omp.h dnnl.h jansson.h lapacke.h cblas.h
        sentencepiece_processor.h libavformat/avformat.h)
    file(WRITE ${BUILD}/hidden/${header} "#error ${header} is not there\n")
endforeach()

function(run)
    execute_process(COMMAND ${CMAKE_COMMAND} ${ARGN} WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE status OUTPUT_VARIABLE said
        ERROR_VARIABLE said)
    message("${said}")
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "cmake ${ARGN} failed")
    endif()
    set(said "${said}" PARENT_SCOPE)
endfunction()

run(--preset cuda-alone -B ${BUILD} ${hidden} -D CMAKE_CUDA_COMPILER=${COMPILER} -D CMAKE_CUDA_ARCHITECTURES=${ARCHITECTURES}
    -D CMAKE_CUDA_FLAGS=-I${BUILD}/hidden -D CMAKE_CXX_FLAGS=-I${BUILD}/hidden)
foreach(missing Catch2 "Google Benchmark")
    if(NOT said MATCHES "Without ${missing}")
        message(FATAL_ERROR "${missing} is not hidden")
    endif()
endforeach()
run(--build ${BUILD} --target cuda_tests gpu_products)
