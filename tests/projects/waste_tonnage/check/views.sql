-- What the checks read: the files as they were published, thousands commas taken out and the sums of a row worked out.
CREATE MACRO tons(written) AS replace(coalesce(written, '0'), ',', '')::DECIMAL(18, 6);
CREATE VIEW collected AS
SELECT strptime(MONTH, '%Y / %m')::DATE AS month,
  CASE BOROUGH WHEN 'Manhattan' THEN 'MN' WHEN 'Bronx' THEN 'BX' WHEN 'Brooklyn' THEN 'BK' WHEN 'Queens' THEN 'QN' WHEN 'Staten Island' THEN 'SI' END AS borough,
  CASE BOROUGH WHEN 'Manhattan' THEN 'MN' WHEN 'Bronx' THEN 'BX' WHEN 'Brooklyn' THEN 'BK' WHEN 'Queens' THEN 'QN' WHEN 'Staten Island' THEN 'SI' END
    || COMMUNITYDISTRICT AS geo_id,
  replace(REFUSETONSCOLLECTED, ',', '')::DECIMAL(18, 6) AS refuse,
  tons(PAPERTONSCOLLECTED) + tons(MGPTONSCOLLECTED) AS recycled,
  tons(RESORGANICSTONS) + tons(SCHOOLORGANICTONS) + tons(LEAVESORGANICTONS) + tons(XMASTREETONS) + tons(OTHERORGANICSTONS) AS organics,
  tons(REFUSETONSCOLLECTED) + tons(PAPERTONSCOLLECTED) + tons(MGPTONSCOLLECTED) + tons(RESORGANICSTONS) + tons(SCHOOLORGANICTONS)
    + tons(LEAVESORGANICTONS) + tons(XMASTREETONS) + tons(OTHERORGANICSTONS) AS tonnes
FROM tonnage_file;
CREATE VIEW residents AS
SELECT GeoID AS geo_id, substr(GeoID, 1, 2) AS borough, replace(Pop_1E, ',', '')::BIGINT AS people FROM population_file WHERE CDTAType = 'CD'
