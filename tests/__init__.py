"""The tests, laid out as src/playhead is; parts that several of them share are imported as tests.…"""
