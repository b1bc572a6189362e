# Configures, builds and runs the consumer with walt found in the given WAY, all inside of the folder WORK.
function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
if(WAY STREQUAL "find_package")
    run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
    set(place -D CMAKE_PREFIX_PATH=${WORK}/prefix)
else()
    set(place -D WALT_SOURCE=${SOURCE})
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/consumer -B ${WORK}/build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${place})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/headers_only)
run(${WORK}/build/all_components)
