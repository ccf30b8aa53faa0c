"""A small project without a finding: each bad example changes a file or two of it."""

PROJECT = """\
title: 城市监测
zone: Asia/Shanghai
region: city.district
calendars:
  - {name: workday, dataset: city.dates, day: d, where: is_workday}
  - {name: fiscal, dataset: city.dates, day: d, grains: [{name: fiscal_quarter, column: fq}]}
"""
DATES = """\
title: 日期
one_row_is: 一天
key: [d]
region: public
columns:
  - {name: d, title: 日期, type: date}
  - {name: is_workday, title: 工作日, type: boolean}
  - {name: fq, title: 财季, type: text}
"""
REGIONS = """\
title: 行政区
one_row_is: 一个区
key: [region_code]
region: public
columns:
  - {name: region_code, title: 区划代码, type: text, dimension: city.district}
  - {name: name, title: 名称, type: text}
"""
DISTRICT = """\
title: 区
dataset: city.regions
key: region_code
label: name
"""
KIND = """\
title: 垃圾类别
codes: [{code: kitchen, title: 厨余垃圾}, {code: other, title: 其他垃圾}]
"""
SOURCE = """\
title: 生活垃圾管理系统
connector: simulator
settings: {seed: 1}
streams:
  - {name: weighings, read: {stream: weighings}, identity: [bill_no]}
"""
WEIGHINGS = """\
title: 垃圾过磅记录
one_row_is: 一次过磅
from: sources.waste/weighings
key: [weigh_id]
times: [{name: weighed, column: weighed_at}]
region: facility
columns:
  - {name: weigh_id, title: 过磅单号, type: text}
  - {name: weighed_at, title: 过磅时间, type: timestamp}
  - {name: facility_id, title: 设施, type: text}
  - {name: kind, title: 垃圾类别, type: text, dimension: sanitation.waste_kind}
  - {name: leg, title: 环节, type: enum, of: [{code: first, title: 首次}, {code: transfer, title: 转运}]}
  - {name: net_ton, title: 净重, type: decimal, unit: t}
relationships:
  - {name: facility, to: sanitation.facilities, on: {facility_id: facility_id}, required: true}
"""
FACILITIES = """\
title: 设施
one_row_is: 一座设施
key: [facility_id]
region: district_code
columns:
  - {name: facility_id, title: 设施, type: text}
  - {name: type, title: 类型, type: text}
  - {name: district_code, title: 区, type: text, dimension: city.district}
  - {name: design_tpd, title: 设计能力, type: decimal, unit: t/d}
  - {name: opened_on, title: 投运日, type: date}
relationships:
  - {name: weighings, to: sanitation.weighings, on: {facility_id: facility_id}, cardinality: one_to_many}
"""
MSW = """\
title: 生活垃圾清运量
dataset: sanitation.weighings
measure: {agg: sum, of: net_ton, where: "leg = 'first'"}
unit: t
by: [sanitation.waste_kind, city.district]
"""
MSW_TEST = """\
given:
  - dataset: sanitation.weighings
    rows: [{weigh_id: a, weighed_at: 2026-01-05, leg: first, net_ton: 3}, {weigh_id: b, weighed_at: 2026-01-05, leg: transfer, net_ton: 9}]
ask: {}
expect: [{value: 3}]
"""
FULL = """\
title: 满载推算
operator: threshold_eta
inputs:
  - name: series
    dataset: sanitation.weighings
    keys: {facility_id: facility_id}
    columns: {at: weighed_at, value: net_ton, limit: "60"}
params: {points: 6}
"""
ETAS = """\
title: 满载推算结果
one_row_is: 一次推算中的一座设施
from: analysis/sanitation.full/eta
region: facility
columns:
  - {name: facility_id, title: 设施, type: text}
  - {name: value, title: 末次净重, type: decimal, unit: t}
  - {name: eta, title: 满载时间, type: float, unit: h}
relationships:
  - {name: facility, to: sanitation.facilities, on: {facility_id: facility_id}, required: true}
"""
ACCESS = """\
title: 区城管委
may: [{do: [view], on: ["indicator:*"]}]
rows: region in viewer.regions
"""
CITY = {
    "project.yaml": PROJECT,
    "city/dates.dataset.yaml": DATES,
    "city/regions.dataset.yaml": REGIONS,
    "city/district.dimension.yaml": DISTRICT,
    "sources/waste.source.yaml": SOURCE,
    "sanitation/waste_kind.dimension.yaml": KIND,
    "sanitation/weighings.dataset.yaml": WEIGHINGS,
    "sanitation/facilities.dataset.yaml": FACILITIES,
    "sanitation/msw.indicator.yaml": MSW,
    "sanitation/msw.test.yaml": MSW_TEST,
    "sanitation/full.analysis.yaml": FULL,
    "sanitation/etas.dataset.yaml": ETAS,
    "access/district_user.access.yaml": ACCESS,
}
